"""A project on three large packages, with a user model of its own."""

from oscar.defaults import *  # noqa: F403

SECRET_KEY = "not-so-secret"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
AUTH_USER_MODEL = "people.User"
CMS_CONFIRM_VERSION4 = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
SITE_ID = 1
STATIC_URL = "/static/"
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "sekizai.context_processors.sekizai",
                "cms.context_processors.cms_settings",
            ]
        },
    }
]
DJANGO = "admin auth contenttypes flatpages messages redirects sessions sites"
SHOP = (
    "Address Analytics Basket Catalogue Checkout Communication Customer Offer Order Partner Payment Search Shipping"
    " Voucher Wishlists"
)
DASHBOARD = (
    "Catalogue Communications Offers Orders Pages Partners Ranges Reports Reviews Shipping Users Vouchers"
)
WAGTAIL = (
    "admin contrib.forms contrib.redirects contrib.search_promotions documents embeds images locales search sites"
    " snippets users"
)
INSTALLED_APPS = [
    "people",
    *(f"django.contrib.{name}" for name in DJANGO.split()),
    "oscar.config.Shop",
    *(f"oscar.apps.{name.lower()}.apps.{name}Config" for name in SHOP.split()),
    "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
    "oscar.apps.dashboard.apps.DashboardConfig",
    *(f"oscar.apps.dashboard.{name.lower()}.apps.{name}DashboardConfig" for name in DASHBOARD.split()),
    "wagtail",
    *(f"wagtail.{name}" for name in WAGTAIL.split()),
    *(
        "cms",
        "django_tables2",
        "haystack",
        "menus",
        "modelcluster",
        "modelsearch",
        "phonenumber_field",
        "sekizai",
    ),
    *("taggit", "treebeard", "widget_tweaks"),
]
