"""The steps that come with Hanse; `factory.prepare.registry` lists them. A package of one's own adds more (`hanse.steps`)."""
