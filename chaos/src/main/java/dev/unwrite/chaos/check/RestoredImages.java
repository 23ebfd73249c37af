package dev.unwrite.chaos.check;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Compares, while a campaign runs, each copy of the disk that a node made after its rollback with the one that the owner
 * before it made at the cut. Copies that nobody will ask for any more are deleted, so that a long campaign fits on a disk.
 */
public final class RestoredImages implements Closeable {
    private static final Pattern NAME = Pattern.compile("(image|restored)-(\\d+)-(\\d+)\\.bin");
    private static final int KEEP = 100;
    private static final long EVERY_MILLIS = 1_000;
    private static final int NAMED_MAX = 12;

    private final List<Path> folders;
    private final Map<String, Comparison> comparisons = new TreeMap<>();
    private final Thread thread;
    private volatile boolean stopping;

    /**
     * One rollback.
     *
     * @param of the term in which it was made
     * @param different the blocks that differ; empty is right
     * @param why nothing could be compared, or empty
     */
    public record Comparison(long of, long epoch, List<Integer> different, String why) {}

    private record Copy(Path file, String kind, long term, long epoch) {}

    /** Looks at these folders, one a node, until it is closed. */
    public RestoredImages(List<Path> folders) {
        this.folders = List.copyOf(folders);
        this.thread = Thread.ofPlatform().daemon().name("images").start(this::run);
    }

    private void run() {
        while (!stopping) {
            look();
            try {
                Thread.sleep(EVERY_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Looks now, too. */
    public synchronized void look() {
        List<Copy> copies = new ArrayList<>();
        for (Path folder : folders) {
            copies.addAll(copies(folder));
        }
        for (Copy copy : copies) {
            if (copy.kind().equals("restored")) {
                comparisons.computeIfAbsent(key(copy), key -> compare(copy, copies));
            }
        }
        prune(copies);
    }

    private static String key(Copy copy) {
        try {
            // A rollback that was cut short is made again, under the same name.
            return copy.file() + "@" + Files.getLastModifiedTime(copy.file());
        } catch (IOException e) {
            return copy.file().toString();
        }
    }

    private static Comparison compare(Copy restored, List<Copy> copies) {
        Optional<Copy> image = copies.stream()
                .filter(copy -> copy.kind().equals("image")
                        && copy.epoch() == restored.epoch()
                        && copy.term() < restored.term())
                .max(Comparator.comparingLong(Copy::term));
        if (image.isEmpty()) {
            return new Comparison(
                    restored.term(), restored.epoch(), List.of(), "nobody left a copy of the disk at that cut");
        }
        try {
            return new Comparison(
                    restored.term(),
                    restored.epoch(),
                    BlockDiff.between(image.get().file(), restored.file()),
                    "");
        } catch (IOException e) {
            return new Comparison(restored.term(), restored.epoch(), List.of(), "cannot be read: " + e.getMessage());
        }
    }

    private void prune(List<Copy> copies) {
        for (Path folder : folders) {
            List<Copy> images = copies.stream()
                    .filter(copy -> folder.equals(copy.file().getParent())
                            && copy.kind().equals("image"))
                    .sorted(Comparator.comparingLong(Copy::term).thenComparingLong(Copy::epoch))
                    .toList();
            for (int i = 0; i + KEEP < images.size(); i++) {
                try {
                    Files.deleteIfExists(images.get(i).file());
                } catch (IOException e) {
                    // It is tried again.
                }
            }
        }
    }

    private static List<Copy> copies(Path folder) {
        List<Copy> copies = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
                if (name.matches()) {
                    copies.add(new Copy(
                            file, name.group(1), Long.parseLong(name.group(2)), Long.parseLong(name.group(3))));
                }
            }
        } catch (IOException e) {
            // Nothing there yet.
        }
        return copies;
    }

    /** All comparisons so far. */
    public synchronized List<Comparison> comparisons() {
        return List.copyOf(comparisons.values());
    }

    /** The verdict on all of them; one that was expected and could not be made is unknown. */
    public synchronized CheckResult check() {
        List<String> evidence = new ArrayList<>();
        List<Comparison> wrong = new ArrayList<>();
        List<Comparison> open = new ArrayList<>();
        for (Comparison one : comparisons.values()) {
            if (!one.why().isEmpty()) {
                open.add(one);
            } else if (!one.different().isEmpty()) {
                wrong.add(one);
            }
        }
        int right = comparisons.size() - wrong.size() - open.size();
        evidence.add(right + " rollbacks left the disk byte for byte as it was at the cut of the committed checkpoint");
        for (Comparison one : wrong) {
            evidence.add("term " + one.of() + ": after the rollback to checkpoint " + one.epoch() + ", "
                    + one.different().size() + " blocks are not those of the cut: "
                    + one.different().stream().limit(NAMED_MAX).toList());
        }
        for (Comparison one : open) {
            evidence.add("term " + one.of() + ", checkpoint " + one.epoch() + ": " + one.why());
        }
        Verdict verdict =
                !wrong.isEmpty() ? Verdict.INVALID : open.isEmpty() && right > 0 ? Verdict.VALID : Verdict.UNKNOWN;
        return new CheckResult(
                "disk-equals-checkpoint",
                "After each rollback the disk is that of the committed checkpoint",
                verdict,
                evidence);
    }

    @Override
    public void close() {
        stopping = true;
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        look();
    }
}
