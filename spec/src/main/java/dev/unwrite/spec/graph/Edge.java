package dev.unwrite.spec.graph;

/**
 * A step of the graph.
 *
 * @param source number of the state before it
 * @param target number of the state after it
 * @param label which step
 */
public record Edge(int source, int target, StepLabel label) {}
