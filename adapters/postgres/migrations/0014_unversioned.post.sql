-- Read models of code that knew no versions side by side; they were built anew from the log.
DROP SCHEMA read_models_next CASCADE;
DROP TABLE read_models.checkpoints, read_models.sessions, read_models.tasks, read_models.actions, read_models.agents,
    read_models.apis, read_models.tools, read_models.timeline, read_models.approvals, read_models.open_work;
DROP TYPE read_models.sessions_changes, read_models.tasks_changes, read_models.tasks_ended_changes,
    read_models.actions_changes, read_models.agents_changes, read_models.tools_changes, read_models.apis_changes,
    read_models.approvals_changes, read_models.approvals_overtaken_changes, read_models.open_work_changes,
    read_models.open_work_ended_changes;
