"""For plugins with forms about people: the fields that core knows, how they are checked, how a page shows them."""

from core.identity.blueprint import typed
from core.identity.fields import BirthDate, Choice, Email, Mobile, Name, Typed, refuse
from core.identity.forms import Field, fields_of
from core.identity.schemas import ADULT_RELATIONS, MINOR_RELATIONS, RELATIONS, Errors, Form, check, sex_options

__all__ = [
    "ADULT_RELATIONS",
    "MINOR_RELATIONS",
    "RELATIONS",
    "BirthDate",
    "Choice",
    "Email",
    "Errors",
    "Field",
    "Form",
    "Mobile",
    "Name",
    "Typed",
    "check",
    "fields_of",
    "refuse",
    "sex_options",
    "typed",
]
