"""`blueprints`: named after the plugin, every view with a declared access, new ones for each application."""

from flask import Blueprint, Flask

from core.web.access import declared


def test_names_start_with_the_plugins(implementation):
    for blueprint in implementation():
        assert isinstance(blueprint, Blueprint)
        assert blueprint.name.startswith(implementation.plugin)


def test_every_view_says_who_may_call_it(implementation):
    app = Flask(__name__)
    for blueprint in implementation():
        app.register_blueprint(blueprint, url_prefix=f"/x/{implementation.plugin}")
    for rule in app.url_map.iter_rules():
        assert declared(app, rule.endpoint) is not None, rule.endpoint


def test_a_second_application_gets_its_own(implementation):
    first, second = implementation(), implementation()
    assert not any(a is b for a in first for b in second)
