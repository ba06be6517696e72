"""The programs of a grading. Their modules are in every sandbox: `executor.agent_bundle` puts them there."""

CANDIDATE = "from executor.grading import candidate_agent\ncandidate_agent.main(channel)\n"
JUDGE = "from executor.grading import judge_agent\njudge_agent.main(channel)\n"
PLAIN = "from executor.grading import plain_agent\nplain_agent.main(channel)\n"
