package dev.unwrite.chaos.bench;

/** A measurement could not be made; the message is one line that says where to look. */
final class BenchException extends RuntimeException {
    BenchException(String message) {
        super(message);
    }

    BenchException(String message, Throwable cause) {
        super(message, cause);
    }
}
