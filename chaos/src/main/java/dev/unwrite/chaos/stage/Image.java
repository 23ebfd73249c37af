package dev.unwrite.chaos.stage;

import dev.unwrite.chaos.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The image that every container of a campaign runs: a Java runtime made by {@code jlink}, the C library, a shell, and this
 * build. Nothing is pulled. It is made once for each state of the classes.
 */
final class Image {
    static final String REPOSITORY = "unwrite-chaos";
    static final String JAVA = "/opt/jre/bin/java";

    private static final String MODULES =
            "java.base,java.net.http,jdk.httpserver,java.logging,java.management,java.instrument,java.xml,"
                    + "jdk.unsupported,java.desktop,jdk.net,jdk.management";
    private static final String APP = "/opt/unwrite";
    /** On a machine that does other things, a runtime is not made in seconds. */
    private static final Duration MAKE_MAX = Duration.ofMinutes(5);

    private final String name;
    private final String classpath;

    private Image(String name, String classpath) {
        this.name = name;
        this.classpath = classpath;
    }

    /** As the engine knows it. */
    String name() {
        return name;
    }

    /** Where the classes are in it. */
    String classpath() {
        return classpath;
    }

    /**
     * Makes the image unless the engine has it. {@code first} are folders of classes that go before all others; the named
     * programs of this machine are in it as well, those that there are.
     */
    static Image make(List<Path> first, List<String> names) {
        List<Path> entries = new ArrayList<>(first);
        for (String entry : System.getProperty("java.class.path").split(":")) {
            Path path = Path.of(entry);
            if (!entry.isBlank() && Files.exists(path)) {
                entries.add(path);
            }
        }
        List<String> inside = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            inside.add(APP + "/" + i + (Files.isDirectory(entries.get(i)) ? "" : ".jar"));
        }
        List<Path> programs =
                names.stream().map(Tools::find).flatMap(Optional::stream).toList();
        String name = REPOSITORY + ":" + hash(entries, programs);
        Image image = new Image(name, String.join(":", inside));
        if (!Tools.attempt(List.of("docker", "image", "inspect", name)).ok()) {
            image.build(entries, inside, programs);
        }
        return image;
    }

    private void build(List<Path> entries, List<String> inside, List<Path> programs) {
        try {
            Path root = Files.createTempDirectory("unwrite-image");
            try {
                fill(root, entries, inside, programs);
                // What a pipe between two commands would do, in one command with one exit code.
                Tools.run(MAKE_MAX, List.of("sh", "-c", "tar -C '" + root + "' -c . | docker import - '" + name + "'"));
            } finally {
                Trees.delete(root);
            }
        } catch (IOException e) {
            throw new StageException("cannot make the image: " + e.getMessage(), e);
        }
    }

    private static void fill(Path root, List<Path> entries, List<String> inside, List<Path> programs)
            throws IOException {
        Path jre = runtime();
        copy(jre, root.resolve("opt/jre"));
        for (int i = 0; i < entries.size(); i++) {
            copy(entries.get(i), root.resolve(inside.get(i).substring(1)));
        }
        for (Path library : libraries(jre, programs)) {
            copy(library.toRealPath(), root.resolve(library.toString().substring(1)));
        }
        for (Path program : programs) {
            copy(program.toRealPath(), root.resolve(program.toString().substring(1)));
        }
        Files.createDirectories(root.resolve("tmp"));
        Files.createDirectories(root.resolve("bin"));
        copy(Path.of("/usr/bin/busybox"), root.resolve("bin/sh"));
        copy(Path.of("/usr/bin/busybox"), root.resolve("bin/cat"));
    }

    /** Kept between runs: it takes seconds to make and changes with the JDK only. */
    private static Path runtime() throws IOException {
        Path folder = Path.of(System.getProperty("unwrite.home", System.getProperty("java.io.tmpdir")))
                .resolve(System.getProperty("unwrite.home") == null ? "." : "chaos/target")
                .resolve("jre-" + Runtime.version() + "-" + MODULES.split(",").length + "-cds");
        if (!Files.isExecutable(folder.resolve("bin/java"))) {
            Path part = folder.resolveSibling(
                    folder.getFileName() + "." + ProcessHandle.current().pid());
            Files.createDirectories(folder.toAbsolutePath().getParent());
            Tools.run(
                    MAKE_MAX,
                    List.of(
                            Path.of(System.getProperty("java.home"), "bin", "jlink")
                                    .toString(),
                            "--add-modules",
                            MODULES,
                            "--strip-debug",
                            // Or each start of a JVM takes a quarter of a second more.
                            "--generate-cds-archive",
                            "--no-header-files",
                            "--no-man-pages",
                            "--output",
                            part.toString()));
            Files.move(part, folder);
        }
        return folder;
    }

    private static Set<Path> libraries(Path jre, List<Path> programs) throws IOException {
        List<String> ldd =
                new ArrayList<>(List.of("ldd", jre.resolve("bin/java").toString()));
        programs.forEach(program -> ldd.add(program.toString()));
        try (Stream<Path> files = Files.walk(jre.resolve("lib"))) {
            files.filter(file -> file.toString().endsWith(".so"))
                    .map(Path::toString)
                    .forEach(ldd::add);
        }
        Set<Path> libraries = new TreeSet<>();
        for (String line : Tools.attempt(ldd).output().lines().toList()) {
            String[] words = line.strip().split("\\s+");
            String path = words.length >= 3 && words[1].equals("=>") ? words[2] : words[0];
            if (path.startsWith("/") && !path.endsWith(":") && !path.startsWith(jre.toString())) {
                libraries.add(Path.of(path));
            }
        }
        return libraries;
    }

    private static String hash(List<Path> entries, List<Path> programs) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((Runtime.version() + MODULES).getBytes(StandardCharsets.UTF_8));
            for (Path entry : entries) {
                try (Stream<Path> files = Files.walk(entry)) {
                    for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                        digest.update(entry.relativize(file).toString().getBytes(StandardCharsets.UTF_8));
                        digest.update(Files.readAllBytes(file));
                    }
                }
            }
            for (Path program : programs) {
                digest.update(Files.readAllBytes(program));
            }
            return HexFormat.of().formatHex(digest.digest()).substring(0, 20);
        } catch (IOException | NoSuchAlgorithmException e) {
            throw new StageException("cannot read the classes: " + e.getMessage(), e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.toAbsolutePath().getParent());
        if (Files.isDirectory(from)) {
            Tools.run("cp", "-a", from.toString(), to.toString());
        } else {
            Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
