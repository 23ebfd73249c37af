package dev.unwrite.spec.graph;

/**
 * How a graph lies in a file: a sequence of items, each a byte that says what it is, and what belongs to it. Values and
 * labels are written once and are numbered from 0 in the order in which they come, values for each variable by itself;
 * so are states.
 */
final class GraphFormat {
    /** The names of the variables: their count, then each as text. Comes first, once. */
    static final int VARIABLES = 'H';
    /** A value: the number of its variable, then the value as text. */
    static final int VALUE = 'V';
    /** The label of a step, as text: {@code Action} or {@code Action(h=A,b=b1)}. */
    static final int LABEL = 'L';
    /** An initial state: for each variable the number of its value. */
    static final int INITIAL = 'I';
    /** A step to a known state: source, target, label. */
    static final int EDGE = 'E';
    /** A step to a new state: source, label, then the state; its number is the next one. */
    static final int NEW = 'N';
    /** The end: the number of states, then of edges (a long). What has no end was cut off. */
    static final int END = 'Z';

    private GraphFormat() {}
}
