"""The insured profile of patients insured in France (CB-031, CB-033, CB-200), with its nomenclatures."""

from __future__ import annotations

from core.plugin_api import Domain, HealthRegister, RegisterField

_ = Domain("jurisdiction_fr")

REGISTER = "fr_insured_profile"

# Long-term conditions of the list of article D. 160-4 of the social security code; number 12 was struck out in 2011. 31 and 32
# stand for conditions outside of the list and for several conditions together (article L. 160-14, 4°).
LONG_TERM_CONDITIONS = (
    ("ald_1", _("1: disabling stroke")),
    ("ald_2", _("2: bone marrow failure and other chronic shortage of blood cells")),
    ("ald_3", _("3: chronic disease of the arteries with ischaemic signs")),
    ("ald_4", _("4: bilharziasis with complications")),
    ("ald_5", _("5: severe heart failure, arrhythmia, heart valve disease or congenital heart disease")),
    ("ald_6", _("6: active chronic liver disease and cirrhosis")),
    ("ald_7", _("7: severe primary immune deficiency that needs long treatment, HIV infection")),
    ("ald_8", _("8: type 1 and type 2 diabetes")),
    ("ald_9", _("9: severe neurological or muscular disease, severe epilepsy")),
    ("ald_10", _("10: severe chronic disorder of haemoglobin or destruction of red blood cells")),
    ("ald_11", _("11: haemophilia and severe disorder of blood clotting")),
    ("ald_13", _("13: coronary disease")),
    ("ald_14", _("14: severe chronic respiratory failure")),
    ("ald_15", _("15: Alzheimer’s disease and other dementia")),
    ("ald_16", _("16: Parkinson’s disease")),
    ("ald_17", _("17: hereditary metabolic disease that needs long specialised treatment")),
    ("ald_18", _("18: cystic fibrosis")),
    ("ald_19", _("19: severe chronic kidney disease and primary nephrotic syndrome")),
    ("ald_20", _("20: paraplegia")),
    ("ald_21", _("21: vasculitis, systemic lupus, systemic sclerosis")),
    ("ald_22", _("22: severe progressive rheumatoid arthritis")),
    ("ald_23", _("23: long-term psychiatric condition")),
    ("ald_24", _("24: progressive ulcerative colitis and Crohn’s disease")),
    ("ald_25", _("25: multiple sclerosis")),
    ("ald_26", _("26: progressive structural scoliosis until the spine has matured")),
    ("ald_27", _("27: severe spondylitis")),
    ("ald_28", _("28: after an organ transplant")),
    ("ald_29", _("29: active tuberculosis, leprosy")),
    ("ald_30", _("30: malignant tumour, malignant disease of lymphatic or blood-forming tissue")),
    ("ald_31", _("31: severe condition outside of the list")),
    ("ald_32", _("32: several conditions that disable together")),
)
COVERS = (
    ("mutual", _("A mutual (mutuelle)")),
    ("provident", _("A provident institution (institution de prévoyance)")),
    ("insurer", _("An insurance company")),
    ("css", _("The complementary solidarity cover (CSS, formerly CMU-C)")),
    ("other", _("Another cover")),
)

HEALTH_REGISTERS = (
    HealthRegister(
        REGISTER,
        _("Your health insurance in France"),
        _("What French health insurance pays depends on it. You change it in your own data; the health profile shows it."),
        (
            RegisterField(
                "on_patient_card", _("Is this person on your own Vitale card?"), "yes_no", only_for="dependant",
                help=_("A teleconsultation can be reimbursed for them only if they are."),
            ),
            RegisterField("ald", _("Do you have a recognised long-term condition (ALD)?"), "yes_no", status="ald"),
            RegisterField("ald_kind", _("Which long-term condition"), "choice", choices=LONG_TERM_CONDITIONS, only_when=("ald", "yes")),
            RegisterField("css", _("Do you have the complementary solidarity cover (CSS, formerly CMU-C)?"), "yes_no", status="css"),
            RegisterField(
                "attending_physician_declared", _("Did you declare an attending physician to your health insurance (CPAM)?"), "yes_no"
            ),
            RegisterField(
                "attending_physician", _("Your attending physician, if they are on this portal"), "professional", required=False,
                country="FR", profession="physician",
            ),
            RegisterField("complementary_cover", _("Do you have a complementary cover?"), "yes_no"),
            RegisterField(
                "complementary_cover_kind", _("Which kind of cover"), "choice", choices=COVERS, only_when=("complementary_cover", "yes")
            ),
            RegisterField(
                "complementary_cover_name", _("Its name"), required=False, only_when=("complementary_cover", "yes"),
                help=_("As on your card of the cover."),
            ),
        ),
        form="single",
        need="asked",
        only_for_categories=("fr_resident", "fr_cross_border"),
        edited_in="account",
        icon="shield-check",
        weight=5,
    ),
)  # fmt: skip
