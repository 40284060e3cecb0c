from tests.unit.connector.world import run


def test_the_main_job():
    async def scenario(w):
        ours, theirs = await w.started()
        print(ours, theirs)

    run(scenario)
