"""The registers of the health profile that every portal has, as data (CB-197 to CB-199)."""

from __future__ import annotations

from core.hooks.types import HealthRegister, RegisterField
from core.messages import _

_SINCE_HELP = _("A year is enough: 2008, 05/2008 or 17/05/2008.")
_SINCE = RegisterField("since", _("Since when"), "when", required=False, help=_SINCE_HELP)
_NOTE = RegisterField("note", _("Anything else a professional should know"), "long_text", required=False)
_OTHER = _("Other")

BLOOD_GROUPS = tuple((f"{group}{sign}", f"{group} {sign}") for group in ("O", "A", "B", "AB") for sign in ("+", "−"))

BIOMETRICS = HealthRegister(
    "biometrics",
    _("Body measurements"),
    _("Your age follows from your date of birth. If you do not know something exactly, your best guess helps."),
    (
        RegisterField("height", _("Height"), "number", unit="cm", least=20, most=260, help=_("In centimetres, such as 172.")),
        RegisterField(
            "weight", _("Weight"), "number", unit="kg", least=1, most=500, decimals=1, help=_("In kilograms, such as 70 or 70.5.")
        ),
        RegisterField(
            "blood_group", _("Blood group"), "choice", help=_("On your blood group card, if you have one."),
            choices=(*BLOOD_GROUPS, ("unknown", _("I do not know it"))),
        ),
        RegisterField(
            "eye_colour", _("Colour of the eyes"), "choice",
            choices=(
                ("brown", _("Brown eyes")), ("hazel", _("Hazel eyes")), ("green", _("Green eyes")),
                ("blue", _("Blue eyes")), ("grey", _("Grey eyes")), ("other", _OTHER),
            ),
        ),
        RegisterField(
            "hair_colour", _("Colour of the hair"), "choice",
            choices=(
                ("black", _("Black hair")), ("brown", _("Brown hair")), ("fair", _("Fair hair")),
                ("red", _("Red hair")), ("grey", _("Grey or white hair")), ("none", _("No hair")),
                ("other", _OTHER),
            ),
        ),
        RegisterField(
            "skin_colour", _("Colour of the skin"), "choice",
            help=_("It changes how a rash or a mark looks on a photo, and how sensitive the skin is to the sun."),
            choices=(
                ("very_fair", _("Very fair skin")), ("fair", _("Fair skin")), ("olive", _("Olive skin")),
                ("brown", _("Brown skin")), ("dark", _("Dark skin")), ("unsaid", _("I prefer not to say")),
            ),
        ),
    ),
    form="single",
    need="mandatory",
    icon="activity",
    weight=10,
)  # fmt: skip

PERSONAL_HISTORY = HealthRegister(
    "personal_history",
    _("Personal history"),
    _("Illnesses of childhood, and conditions that you have or had."),
    (
        RegisterField(
            "kind", _("Of which kind"), "choice",
            choices=(("childhood_illness", _("Illness of childhood")), ("condition", _("Illness or condition"))),
        ),
        RegisterField("what", _("Which one"), help=_("In your own words, such as measles, asthma or high blood pressure.")),
        _SINCE,
        _NOTE,
    ),
    need="mandatory",
    none_label=_("No illness that matters"),
    icon="clipboard2-pulse",
    weight=20,
)  # fmt: skip

FAMILY_HISTORY = HealthRegister(
    "family_history",
    _("Family history"),
    _("Illnesses of close relatives: some run in families."),
    (
        RegisterField(
            "relative", _("Who in the family"), "choice",
            choices=(
                ("mother", _("Mother")), ("father", _("Father")), ("sibling", _("Sister or brother")), ("child", _("Child")),
                ("grandparent", _("Grandparent")), ("other", _("Another relative")),
            ),
        ),
        RegisterField("what", _("Which illness")),
        RegisterField("age", _("Age at which it began, in years"), "number", required=False, least=0, most=120),
        _NOTE,
    ),
    need="mandatory",
    none_label=_("Nothing known in the family"),
    icon="people",
    weight=30,
)  # fmt: skip

ALLERGIES = HealthRegister(
    "allergies",
    _("Allergies and intolerances"),
    _("What you do not tolerate, and what happens then."),
    (
        RegisterField(
            "kind", _("Of which kind"), "choice",
            choices=(
                ("respiratory", _("Of the airways (pollen, dust, animals)")), ("skin", _("Of the skin")), ("medicine", _("To a medicine")),
                ("food", _("To a food")), ("other", _OTHER),
            ),
        ),
        RegisterField("what", _("To what"), help=_("Such as penicillin, peanuts or nickel.")),
        RegisterField(
            "reaction", _("What happens"), required=False, help=_("Such as a rash, trouble breathing, or a shock that needed emergency care.")
        ),
        _SINCE,
    ),
    need="mandatory",
    none_label=_("No known allergy or intolerance"),
    icon="exclamation-triangle",
    weight=40,
)  # fmt: skip

MEDICINES = HealthRegister(
    "medicines",
    _("Current medicines"),
    _("What you take now, with and without prescription; contraception and food supplements too."),
    (
        RegisterField("name", _("Name of the medicine"), help=_("As on the box.")),
        RegisterField("dose", _("How much"), required=False, help=_("Such as 500 mg, or one tablet.")),
        RegisterField("rhythm", _("When and how often"), required=False, help=_("Such as morning and evening, or if in pain.")),
        _SINCE,
        RegisterField("reason", _("Why you take it"), required=False),
    ),
    need="mandatory",
    none_label=_("No medicine at present"),
    icon="capsule",
    weight=50,
)  # fmt: skip

VACCINES = HealthRegister(
    "vaccines",
    _("Vaccines"),
    _("As in your vaccination booklet, as far as you have it."),
    (
        RegisterField("vaccine", _("Vaccine"), help=_("The name, or the illness that it protects from.")),
        RegisterField("on", _("When"), "when", required=False, help=_SINCE_HELP),
        RegisterField("next", _("Next one due on"), "date", required=False),
    ),
    none_label=_("No vaccine"),
    icon="shield-check",
    weight=60,
)

SURGERY = HealthRegister(
    "surgery",
    _("Operations"),
    _("Operations that you have had."),
    (
        RegisterField("operation", _("Which operation")),
        RegisterField("on", _("When"), "when", required=False, help=_SINCE_HELP),
        RegisterField("place", _("Where"), required=False, help=_("The hospital or the town.")),
        _NOTE,
    ),
    none_label=_("No operation"),
    icon="bandaid",
    weight=70,
)

OPHTHALMOLOGY = HealthRegister(
    "ophthalmology",
    _("Eyes"),
    _("Your sight, and what helps it."),
    (
        RegisterField(
            "correction", _("Do you wear glasses or lenses?"), "choice",
            choices=(("none", _("No")), ("glasses", _("Glasses")), ("lenses", _("Lenses")), ("both", _("Glasses and lenses"))),
        ),
        RegisterField("right", _("Right eye"), required=False, help=_("Values of the last prescription, if you have it.")),
        RegisterField("left", _("Left eye"), required=False, help=_("Values of the last prescription, if you have it.")),
        RegisterField("last_check", _("Last check of the eyes"), "when", required=False, help=_SINCE_HELP),
        RegisterField("conditions", _("Illnesses or operations of the eyes"), "long_text", required=False),
    ),
    form="single",
    icon="eye",
    weight=80,
)  # fmt: skip

LIFESTYLE = HealthRegister(
    "lifestyle",
    _("Habits"),
    _("There is no right answer. What you write here is for those you allow, nobody else."),
    (
        RegisterField(
            "activity", _("Physical activity"), "choice", required=False,
            choices=(("none", _("Hardly any")), ("some", _("Some, such as walking")), ("weekly", _("Sport once or twice a week")), ("often", _("Sport more often"))),
        ),
        RegisterField(
            "tobacco", _("Tobacco"), "choice", required=False,
            choices=(("never", _("Never")), ("former", _("I have stopped")), ("sometimes", _("Now and then")), ("daily", _("Every day"))),
        ),
        RegisterField("tobacco_amount", _("How many cigarettes a day"), "number", required=False, least=0, most=200, only_when=("tobacco", "daily")),
        RegisterField("diet", _("Food"), required=False, help=_("Such as everything, vegetarian, or a diet that you follow.")),
        RegisterField(
            "alcohol", _("Alcohol"), "choice", required=False,
            choices=(("never", _("Never")), ("sometimes", _("Now and then")), ("weekly", _("Every week")), ("daily", _("Every day"))),
        ),
        _NOTE,
    ),
    form="single",
    icon="heart-pulse",
    weight=90,
)  # fmt: skip

GYNAECOLOGY = HealthRegister(
    "gynaecology_obstetrics",
    _("Gynaecology and obstetrics"),
    _("Pregnancies, and what went with them."),
    (
        RegisterField("pregnant", _("Are you pregnant?"), "yes_no", required=False),
        RegisterField("due", _("Expected date of birth"), "date", required=False, only_when=("pregnant", "yes")),
        RegisterField("pregnancies", _("How many pregnancies so far"), "number", required=False, least=0, most=30),
        RegisterField("births", _("How many births"), "number", required=False, least=0, most=30),
        RegisterField("history", _("How they went"), "long_text", required=False, help=_("Such as a caesarean, a loss, or diabetes in pregnancy.")),
        RegisterField("contraception", _("Contraception"), required=False),
    ),
    form="single",
    only_for_sex="female",
    icon="gender-ambiguous",
    weight=100,
)  # fmt: skip

IMAGES = HealthRegister(
    "images_and_documents",
    _("Images and documents"),
    _("Results, letters and pictures that you keep here."),
    form="documents",
    icon="image",
    weight=110,
)

REGISTERS = (
    BIOMETRICS, PERSONAL_HISTORY, FAMILY_HISTORY, ALLERGIES, MEDICINES, VACCINES, SURGERY, OPHTHALMOLOGY, LIFESTYLE, GYNAECOLOGY, IMAGES,
)  # fmt: skip
