"""`api_topics`: operations under the plugin's own path, for declared roles, behind the plugin's switch; scopes with words."""

from flask import Flask

from core.api.operations import NEEDS, OPERATIONS, PREFIX, Topic, make_api
from core.hooks.types import ApiTopic
from core.identity.clients import SCOPES


def test_each_is_complete(implementation, says, is_code):
    for one in implementation():
        assert isinstance(one, ApiTopic)
        is_code(one.code)
        assert isinstance(one.topic, Topic)
        assert one.topic.plugin == implementation.plugin
        for scope, words in one.scopes.items():
            is_code(scope)
            says(implementation.plugin, words)


def test_every_operation_says_who_may_call_it_and_is_off_with_its_plugin(implementation, app):
    found = 0
    for one in implementation():
        for endpoint, operation in OPERATIONS.items():
            if endpoint.startswith(f"{one.topic.name}."):
                assert operation.needs == f"plugin {implementation.plugin}" and operation.needs in NEEDS
                assert operation.roles
                assert operation.scope is None or operation.scope in {**SCOPES, **one.scopes}
                assert "client" not in operation.roles or operation.scope, "a program's token is held to a scope"
                found += 1
    assert found


def test_they_lie_under_the_plugins_path_in_every_application(implementation):
    for _application in range(2):
        app = Flask(__name__)
        api = make_api(app)
        for one in implementation():
            api.register_blueprint(one.topic)
        mine = [r.rule for r in app.url_map.iter_rules() if r.rule.startswith(f"{PREFIX}/x/")]
        assert mine
        assert all(rule.startswith(f"{PREFIX}/x/{implementation.plugin}/") for rule in mine)


def test_no_two_have_one_scope(all_of):
    scopes = [s for topic in all_of("api_topics") for s in topic.scopes]
    assert len(scopes) == len(set(scopes)) and not set(scopes) & set(SCOPES)
