//! Scenes of the step: what each event makes of a world, without runtime or network.
