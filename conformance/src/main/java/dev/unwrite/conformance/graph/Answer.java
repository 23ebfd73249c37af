package dev.unwrite.conformance.graph;

import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.HostState;
import java.util.List;

/**
 * The code takes what it was asked for.
 *
 * @param probe what it was asked for
 * @param next the host after it
 * @param effects all of them
 */
record Answer(Probe probe, HostState next, List<Effect> effects) {}
