package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.Trees;
import dev.unwrite.chaos.stage.Tools;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A kernel of Debian for machines in a cloud, and its modules.
 *
 * @param image what QEMU boots
 * @param modules the folder in which they are, somewhere
 */
record Kernel(Path image, Path modules) {
    private static final String PACKAGE = "linux-image-cloud-amd64";
    private static final Duration DOWNLOAD_MAX = Duration.ofMinutes(2);
    private static final Pattern IMAGE = Pattern.compile("vmlinuz-(.*-cloud-amd64)");
    /** What a module says of those without which it cannot be loaded. */
    private static final Pattern NEEDS = Pattern.compile("\\x00depends=([^\\x00]*)\\x00");

    private static final Pattern DEPENDS = Pattern.compile("(?m)^\\s*Depends: (linux-image-\\S+-cloud-amd64)$");

    /** The one that is installed, or that is in the folder; else it is downloaded to there, which takes its package and no more. */
    static Kernel find(Path folder) throws IOException {
        Path unpacked = folder.resolve("kernel");
        Optional<Kernel> there = newest(Path.of("/")).or(() -> newest(unpacked));
        if (there.isPresent()) {
            return there.get();
        }
        download(folder, unpacked);
        return newest(unpacked).orElseThrow(() -> lacking("its package has none"));
    }

    private static Optional<Kernel> newest(Path root) {
        Path boot = root.resolve("boot");
        if (!Files.isDirectory(boot)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(boot)) {
            return files.filter(Files::isReadable)
                    .sorted(Comparator.comparing(Kernel::numbers).reversed())
                    .flatMap(image -> with(root, image).stream())
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** As text that sorts as the numbers do. */
    private static String numbers(Path image) {
        return Pattern.compile("\\d+")
                .matcher(image.getFileName().toString())
                .replaceAll(number -> "0".repeat(Math.max(0, 8 - number.group().length())) + number.group());
    }

    private static Optional<Kernel> with(Path root, Path image) {
        Matcher name = IMAGE.matcher(image.getFileName().toString());
        return Optional.of(name)
                .filter(Matcher::matches)
                .map(matched -> root.resolve("lib/modules").resolve(matched.group(1)))
                .filter(Files::isDirectory)
                .map(modules -> new Kernel(image, modules));
    }

    private static void download(Path folder, Path unpacked) throws IOException {
        if (!Tools.have("apt-get", "apt-cache", "dpkg")) {
            throw lacking("apt-get and dpkg, which would fetch it, are not there");
        }
        Matcher depends = DEPENDS.matcher(
                Tools.attempt(List.of("apt-cache", "depends", PACKAGE)).output());
        if (!depends.find()) {
            throw lacking("apt-cache does not know it: apt-get update");
        }
        Path packages = Files.createDirectories(folder.resolve("package"));
        Tools.Outcome outcome = Tools.attempt(
                DOWNLOAD_MAX, List.of("env", "-C", packages.toString(), "apt-get", "-q", "download", depends.group(1)));
        if (!outcome.ok()) {
            throw lacking("apt-get download: " + lastLine(outcome.output()));
        }
        Path fresh = folder.resolve("kernel.new");
        if (Files.exists(fresh)) {
            Trees.delete(fresh);
        }
        try (Stream<Path> files = Files.list(packages)) {
            for (Path each : files.toList()) {
                Tools.run(DOWNLOAD_MAX, List.of("dpkg", "-x", each.toString(), fresh.toString()));
            }
        }
        Trees.delete(packages);
        Files.move(fresh, unpacked);
    }

    private static String lastLine(String output) {
        return output.strip().lines().reduce("", (earlier, later) -> later);
    }

    private static ExitException lacking(String why) {
        return new ExitException(
                Exit.LACKING, "a kernel for a guest is missing; apt-get install " + PACKAGE + " (" + why + ")");
    }

    /** These modules and those that they need, by name, each after what it needs; those that are built in are left out. */
    Map<String, byte[]> modules(List<String> names) throws IOException {
        Map<String, Path> files = new HashMap<>();
        try (Stream<Path> all = Files.walk(modules)) {
            all.forEach(file -> files.put(file.getFileName().toString(), file));
        }
        Map<String, byte[]> ordered = new LinkedHashMap<>();
        for (String name : names) {
            add(name, files, ordered);
        }
        return ordered;
    }

    private void add(String name, Map<String, Path> files, Map<String, byte[]> ordered) throws IOException {
        if (files.containsKey(name + ".ko.xz") || files.containsKey(name + ".ko.zst")) {
            throw lacking("the modules in " + modules + " are compressed; this guest takes those of Debian 12");
        }
        Path file = files.get(name + ".ko");
        if (file == null || ordered.containsKey(name)) {
            return;
        }
        byte[] module = Files.readAllBytes(file);
        Matcher needs = NEEDS.matcher(new String(module, StandardCharsets.ISO_8859_1));
        if (needs.find()) {
            for (String each : needs.group(1).split(",")) {
                add(each, files, ordered);
            }
        }
        ordered.put(name, module);
    }
}
