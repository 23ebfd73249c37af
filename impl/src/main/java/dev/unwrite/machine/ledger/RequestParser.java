package dev.unwrite.machine.ledger;

import java.util.regex.Pattern;

/** Parses request lines. Knows the syntax only; whether an account exists is for the ledger to say. */
final class RequestParser {
    private static final Pattern CLIENT_ID = Pattern.compile("[A-Za-z0-9._-]{1," + LedgerLimits.CLIENT_ID_MAX + "}");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

    private RequestParser() {}

    static LedgerRequest parse(String line) {
        String[] words = line.split(" ", -1);
        try {
            return switch (words[0]) {
                case "HELLO" -> hello(expect(words, 2, "HELLO client-id"));
                case "T" -> transfer(expect(words, 5, "T reqno from to amount"));
                case "R" -> read(expect(words, 3, "R reqno account"));
                case "B" -> new LedgerRequest.Snapshot(reqno(expect(words, 2, "B reqno")[1]));
                case "CHECK" -> {
                    expect(words, 1, "CHECK");
                    yield new LedgerRequest.Check();
                }
                default -> throw new BadLine("unknown request; HELLO, T, R, B and CHECK are known");
            };
        } catch (BadLine e) {
            return new LedgerRequest.Malformed(String.valueOf(e.getMessage()));
        }
    }

    private static LedgerRequest hello(String[] words) throws BadLine {
        if (!CLIENT_ID.matcher(words[1]).matches()) {
            throw new BadLine("a client id is 1 to " + LedgerLimits.CLIENT_ID_MAX + " of A-Z a-z 0-9 . _ -");
        }
        return new LedgerRequest.Hello(words[1]);
    }

    private static LedgerRequest transfer(String[] words) throws BadLine {
        long amount = number("amount", words[4], Long.MAX_VALUE);
        return new LedgerRequest.Transfer(reqno(words[1]), account(words[2]), account(words[3]), amount);
    }

    private static LedgerRequest read(String[] words) throws BadLine {
        return new LedgerRequest.Read(reqno(words[1]), account(words[2]));
    }

    private static int account(String word) throws BadLine {
        return (int) number("account", word, Integer.MAX_VALUE);
    }

    private static long reqno(String word) throws BadLine {
        long reqno = number("reqno", word, Long.MAX_VALUE);
        if (reqno == 0) {
            throw new BadLine("reqno starts at 1");
        }
        return reqno;
    }

    private static long number(String what, String word, long max) throws BadLine {
        long value = NUMBER.matcher(word).matches() ? Long.parseLong(word) : -1;
        if (value < 0 || value > max) {
            throw new BadLine(what + " must be a whole number from 0 to " + Math.min(max, 999_999_999_999_999_999L));
        }
        return value;
    }

    private static String[] expect(String[] words, int count, String usage) throws BadLine {
        if (words.length != count) {
            throw new BadLine("usage: " + usage);
        }
        return words;
    }

    private static final class BadLine extends Exception {
        BadLine(String message) {
            super(message);
        }
    }
}
