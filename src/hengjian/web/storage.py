"""Static files under names that carry their digest, compressed at set-up; source maps that nobody ships are not asked for."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class OfficeStaticFiles(CompressedManifestStaticFilesStorage):
    manifest_strict = False
    support_js_module_import_aggregation = False
