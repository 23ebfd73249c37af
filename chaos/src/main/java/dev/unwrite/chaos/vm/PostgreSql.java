package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.Trees;
import dev.unwrite.chaos.stage.Tools;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * PostgreSQL as it is installed here: what runs in a guest is made of its programs, what asks from outside are its programs.
 *
 * @param version such as 15
 */
record PostgreSql(int version) {
    private static final Path ALL = Path.of("/usr/lib/postgresql");
    private static final Duration MAKE_MAX = Duration.ofMinutes(2);
    private static final long DISK_BYTES = 512 << 20;
    /** The user "nobody" of Debian: PostgreSQL does not run as root, neither here nor in the guest. */
    private static final String USER = "65534";

    private static final List<String> CONFIGURATION = List.of(
            "listen_addresses = '*'",
            "unix_socket_directories = ''",
            "dynamic_shared_memory_type = mmap",
            "timezone = 'GMT'",
            "log_timezone = 'GMT'",
            "shared_buffers = 16MB",
            "max_connections = 40",
            "max_wal_size = 32MB",
            "jit = off");

    /**
     * The newest.
     *
     * @throws ExitException with {@link Exit#LACKING} where there is none, in one line
     */
    static PostgreSql find() throws IOException {
        if (!Files.isDirectory(ALL)) {
            throw lacking();
        }
        try (Stream<Path> versions = Files.list(ALL)) {
            return versions.filter(each -> each.getFileName().toString().matches("\\d+"))
                    .map(each ->
                            new PostgreSql(Integer.parseInt(each.getFileName().toString())))
                    .filter(each -> Stream.of("postgres", "initdb", "psql", "pgbench", "pg_amcheck")
                            .allMatch(name -> Files.isExecutable(each.program(name))))
                    .max(Comparator.comparingInt(PostgreSql::version))
                    .orElseThrow(PostgreSql::lacking);
        }
    }

    private static ExitException lacking() {
        return new ExitException(Exit.LACKING, "PostgreSQL (14 or later) is missing; apt-get install postgresql");
    }

    /** One of its programs. */
    Path program(String name) {
        return home().resolve("bin").resolve(name);
    }

    private Path home() {
        return ALL.resolve(Integer.toString(version));
    }

    /** Makes the disk of a guest that runs it: its programs, what they are linked with, and an empty database with checksums. */
    void disk(Path image) throws IOException {
        // Where a user without rights can come to.
        Path root = Files.createTempDirectory(
                "unwrite-", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
        try {
            fill(root);
            TickGuest.disk(image, DISK_BYTES, List.of("-d", root.toString()));
        } finally {
            Trees.delete(root);
        }
    }

    private void fill(Path root) throws IOException {
        for (String each : List.of("bin", "dev", "etc", "proc", "sys", "tmp")) {
            Files.createDirectory(root.resolve(each));
        }
        Path share = Path.of("/usr/share/postgresql", Integer.toString(version));
        List<String> words = new ArrayList<>(List.of("cp", "-rL", "--parents"));
        words.addAll(List.of(
                program("postgres").toString(), home().resolve("lib/plpgsql.so").toString()));
        words.addAll(List.of(
                home().resolve("lib/amcheck.so").toString(),
                home().resolve("lib/dict_snowball.so").toString()));
        words.addAll(List.of(
                share.resolve("extension").toString(),
                share.resolve("timezonesets").toString()));
        Tools.run("ldd", program("postgres").toString())
                .lines()
                .flatMap(line -> Stream.of(line.strip().split(" ")).filter(word -> word.startsWith("/")))
                .forEach(words::add);
        words.add(root.toString());
        Tools.run(MAKE_MAX, words);
        Files.copy(TickGuest.BUSYBOX, root.resolve("bin/busybox"));
        for (String each : List.of("sh", "su")) {
            Files.createSymbolicLink(root.resolve("bin").resolve(each), Path.of("busybox"));
        }
        Files.writeString(
                root.resolve("etc/passwd"), "root:x:0:0::/:/bin/sh\npostgres:x:" + USER + ":" + USER + "::/:/bin/sh\n");
        Files.writeString(root.resolve("etc/group"), "postgres:x:" + USER + ":\n");
        Path start = root.resolve("start");
        Files.writeString(
                start,
                TickGuest.resource("start")
                        .replace("PROGRAM", program("postgres").toString()));
        Files.setPosixFilePermissions(start, PosixFilePermissions.fromString("rwxr-xr-x"));
        data(root.resolve("data"));
    }

    private void data(Path data) throws IOException {
        Files.createDirectory(data);
        Tools.run("chown", USER + ":" + USER, data.toString());
        asUser(
                "initdb",
                "--pgdata=" + data,
                "--username=" + Database.USER,
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--data-checksums",
                "--wal-segsize=1",
                "--no-sync");
        append(data.resolve("postgresql.conf"), CONFIGURATION);
        append(data.resolve("pg_hba.conf"), List.of("host all all 10.77.0.0/24 trust"));
        Path accounts = Files.writeString(data.resolveSibling("accounts.sql"), TickGuest.resource("accounts.sql"));
        // No server, which would have to be ended.
        asUser(
                "postgres",
                "--single",
                "-j",
                "-D",
                data.toString(),
                "-c",
                "exit_on_error=on",
                Database.USER,
                "<",
                accounts.toString());
        Files.delete(accounts);
    }

    /** Runs one of its programs; {@code <} and a file at the end say what it reads. */
    private void asUser(String name, String... arguments) {
        List<String> words = new ArrayList<>(List.of("setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"));
        words.add(program(name).toString());
        words.addAll(List.of(arguments));
        Tools.run(MAKE_MAX, List.of("sh", "-c", "exec " + String.join(" ", words)));
    }

    private static void append(Path file, List<String> lines) throws IOException {
        Files.write(file, lines, StandardOpenOption.APPEND);
    }
}
