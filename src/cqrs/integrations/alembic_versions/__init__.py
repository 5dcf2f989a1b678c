"""The revisions of the branch ``cqrs``, for ``version_locations`` of Alembic. Each step of a subject has one."""
