package dev.unwrite.chaos.ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A reply line to a numbered request, parsed. */
record LedgerReply(boolean done, long seq, List<Long> values) {
    /** Null where the line does not have the form of a reply. */
    static @Nullable LedgerReply parse(String line) {
        Map<String, String> fields = fields(line);
        try {
            long seq = Long.parseLong(fields.getOrDefault("seq", ""));
            List<Long> values = new ArrayList<>();
            for (String key : List.of("from", "to", "balance", "balances")) {
                String value = fields.get(key);
                if (value != null) {
                    for (String number : value.split(",")) {
                        values.add(Long.parseLong(number));
                    }
                }
            }
            return new LedgerReply(line.startsWith("OK "), seq, values);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** The {@code key=value} words of a line. */
    static Map<String, String> fields(String line) {
        Map<String, String> fields = new TreeMap<>();
        for (String word : line.split(" ")) {
            int equals = word.indexOf('=');
            if (equals > 0) {
                fields.put(word.substring(0, equals), word.substring(equals + 1));
            }
        }
        return fields;
    }
}
