from django.db import migrations, models


def first_post(apps, schema_editor):
    apps.get_model("blog", "Post").objects.create(title="First post")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Post",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200)),
            ],
        ),
        migrations.RunPython(first_post, migrations.RunPython.noop),
    ]
