package dev.unwrite.conformance.graph;

/** Why the code may take what is no step of the specification in a state. There is no other reason. */
enum Exemption {
    /** The model has bounds; the protocol has none. */
    BOUND,
    /** Nobody sent the message. The network loses, repeats and reorders; it does not invent. */
    NOT_SENT,
    /** The storage did not give the answer, or the session. */
    NOT_ANSWERED,
    /** The storage does not hold this record; if it did, the specification would allow the step. */
    OTHER_RECORD,
    /** It was done before: the state stays as it is, and nothing is sent that was not sent before. */
    AGAIN
}
