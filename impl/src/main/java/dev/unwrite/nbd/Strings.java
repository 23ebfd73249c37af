package dev.unwrite.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The strings of the protocol: UTF-8, at most 4096 bytes, no NUL ("Conventions"). */
final class Strings {
    private Strings() {}

    /** The string, or null if these bytes are none. */
    static @Nullable String decode(byte[] bytes) {
        if (bytes.length > NbdWire.STRING_BYTES_MAX) {
            return null;
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.indexOf('\0') >= 0 ? null : text;
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    /** What the other side says, as a part of one line for people: it must not move the cursor or feign a line of ours. */
    static String oneLine(String text) {
        return text.codePoints()
                .map(c -> isPrintable(c) ? c : ' ')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static boolean isPrintable(int c) {
        int type = Character.getType(c);
        return type != Character.CONTROL
                && type != Character.FORMAT
                && type != Character.LINE_SEPARATOR
                && type != Character.PARAGRAPH_SEPARATOR;
    }

    /** For messages and descriptions: cut off, rather than refused, if too long. */
    static byte[] encode(@Nullable String text) {
        byte[] bytes = text == null ? new byte[0] : text.getBytes(StandardCharsets.UTF_8);
        int end = Math.min(bytes.length, NbdWire.STRING_BYTES_MAX);
        // Never in the middle of a character.
        while (end < bytes.length && end > 0 && (bytes[end] & 0xc0) == 0x80) {
            end--;
        }
        return end == bytes.length ? bytes : Arrays.copyOf(bytes, end);
    }
}
