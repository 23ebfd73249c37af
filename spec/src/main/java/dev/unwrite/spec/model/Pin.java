package dev.unwrite.spec.model;

/**
 * What a model came to when a person last looked, so that one that silently shrank or grew is noticed.
 *
 * @param states distinct states; 0 for a model that must fail
 * @param depth of the state graph; for a model that must fail, the steps of its counterexample
 * @param seconds how long it took, for information
 */
public record Pin(long states, int depth, double seconds) {}
