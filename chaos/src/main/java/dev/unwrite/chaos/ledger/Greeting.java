package dev.unwrite.chaos.ledger;

import java.io.IOException;
import java.util.Map;

/** The reply to {@code HELLO}. */
record Greeting(long last, int accounts, long initialBalance) {
    static Greeting parse(String line) throws IOException {
        Map<String, String> fields = LedgerReply.fields(line);
        try {
            if (line.startsWith("OK hello ")) {
                return new Greeting(
                        Long.parseLong(fields.getOrDefault("last", "")),
                        Integer.parseInt(fields.getOrDefault("accounts", "")),
                        Long.parseLong(fields.getOrDefault("initial", "")));
            }
        } catch (NumberFormatException e) {
            throw new IOException("not the greeting of a ledger: " + line, e);
        }
        throw new IOException("not the greeting of a ledger: " + line);
    }
}
