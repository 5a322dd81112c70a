from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("auth", "0012_alter_user_first_name_max_length"),)
    operations = (migrations.CreateModel("User", fields=[]),)
