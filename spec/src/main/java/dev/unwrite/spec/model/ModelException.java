package dev.unwrite.spec.model;

/** The file of models, or of pins, cannot be used; the message says on one line what to correct. */
public final class ModelException extends RuntimeException {
    ModelException(String message) {
        super(message);
    }
}
