package dev.unwrite.conformance.matrix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What a result was made from, as a number: a result counts as long as that is the same. Reads each folder once. */
final class SourceHash {
    private static final int LENGTH = 16;

    private final Path root;
    private final Map<String, String> folders = new HashMap<>();

    SourceHash(Path root) {
        this.root = root;
    }

    String of(Layer layer, Mutant mutant) throws IOException {
        MessageDigest digest = sha256();
        for (String folder : layer.sources()) {
            String known = folders.get(folder);
            if (known == null) {
                known = ofFolder(root.resolve(folder));
                folders.put(folder, known);
            }
            add(digest, known);
        }
        add(digest, layer.settings());
        add(digest, mutant.toString());
        return hex(digest);
    }

    static String ofFolder(Path folder) throws IOException {
        MessageDigest digest = sha256();
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> sorted = files.filter(Files::isRegularFile).sorted().toList();
            for (Path file : sorted) {
                add(digest, folder.relativize(file).toString());
                digest.update(Files.readAllBytes(file));
            }
        }
        return hex(digest);
    }

    private static void add(MessageDigest digest, String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest()).substring(0, LENGTH);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
