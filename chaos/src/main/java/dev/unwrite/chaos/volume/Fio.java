package dev.unwrite.chaos.volume;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.chaos.stage.Tools;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Runs {@code fio} over a whole volume: a pass writes each block once, with the number of the pass and the place of the block as
 * its pattern. For the main thread of a process: a fio dies with the thread that started it, so that none is left behind.
 *
 * <p>fio's own checksums (such as {@code verify=crc32c}) do not notice blocks of another pass; the pattern does.
 */
final class Fio {
    static final int BLOCK_BYTES = 4096;
    /** The second sees to it that the first dies with its parent. */
    static final List<String> PROGRAMS = List.of("fio", "setpriv");

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int DEPTH = 8;
    /** EILSEQ, which is what fio calls a block that is not what it wants. */
    private static final int VERIFY_ERROR = 84;

    private static final long LOOK_MILLIS = 50;
    private static final long MAX_SECONDS = 15;
    private static final int OUTPUT_BYTES_MAX = 1 << 16;
    private static final int SAID_CHARS_MAX = 300;

    private final int blocks;

    /** {@code blocks} of 4096 bytes are all that the volume has. */
    Fio(int blocks) {
        this.blocks = blocks;
    }

    /** How a run of fio ended. */
    enum End {
        /** All blocks were written, or are what they should be. */
        OK,
        /** A block is not what it should be. */
        WRONG,
        /** It could not do its work; fio has ended by itself. */
        FAILED,
        /** It had to be killed: what it asked for last may be under way still. */
        KILLED
    }

    /** The end, and what fio said of it, one line. */
    record Ran(End end, String said) {}

    /** What is lacking for a fio that speaks NBD, as one line; empty where nothing is. */
    static String lacking() {
        if (!Tools.have("fio")) {
            return "fio is not installed (apt-get install fio)";
        }
        boolean nbd = Tools.attempt(List.of("fio", "--enghelp"))
                .output()
                .lines()
                .anyMatch(line -> line.strip().equals("nbd"));
        return nbd ? "" : "this fio has no engine nbd (apt-get install fio)";
    }

    /** Writes each block once, in a random order, {@code rate} a second; 0 is as fast as it goes. Stops where {@code goesOn} ends. */
    Ran write(String uri, long pass, int rate, BooleanSupplier goesOn) throws InterruptedException {
        List<String> more = new ArrayList<>(List.of("--rw=randwrite", "--do_verify=0", "--randseed=" + pass));
        if (rate > 0) {
            more.add("--rate_iops=" + rate);
        }
        return run(uri, pass, "write", more, goesOn);
    }

    /** Reads each block and compares it with what that pass wrote; pass 0 is a volume that nobody has written. */
    Ran verify(String uri, long pass, BooleanSupplier goesOn) throws InterruptedException {
        return run(uri, pass, "read", List.of("--rw=read", "--do_verify=1", "--verify_only=1"), goesOn);
    }

    private List<String> command(String uri, long pass, List<String> more) {
        // Without it, a fio whose server is gone would spin for ever when this process is killed.
        List<String> words = new ArrayList<>(
                Tools.have("setpriv") ? List.of("setpriv", "--pdeathsig", "KILL", "fio") : List.of("fio"));
        // One process: what it forks would outlive it.
        words.addAll(List.of("--name=pass", "--thread", "--ioengine=nbd", "--uri=" + uri, "--output-format=json"));
        words.addAll(List.of("--bs=" + BLOCK_BYTES, "--size=" + (long) blocks * BLOCK_BYTES, "--iodepth=" + DEPTH));
        words.addAll(List.of("--verify=pattern", "--verify_pattern=" + pattern(pass), "--verify_state_save=0"));
        words.addAll(more);
        return words;
    }

    private static String pattern(long pass) {
        return pass == 0 ? "0x00" : String.format("0x%08x%%o", pass);
    }

    private Ran run(String uri, long pass, String counted, List<String> more, BooleanSupplier goesOn)
            throws InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command(uri, pass, more)).start();
            process.getOutputStream().close();
        } catch (IOException e) {
            return new Ran(End.FAILED, String.valueOf(e.getMessage()));
        }
        try {
            CompletableFuture<String> out = head(process.getInputStream());
            CompletableFuture<String> err = head(process.getErrorStream());
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_SECONDS);
            while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                boolean late = System.nanoTime() - deadline > 0;
                if (late || !goesOn.getAsBoolean()) {
                    return new Ran(
                            End.KILLED, late ? "not done in " + MAX_SECONDS + " s" : "the host is primary no longer");
                }
            }
            return judge(process.exitValue(), out.join(), err.join(), counted);
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    /** What fio's answer says; package-private for tests. */
    Ran judge(int code, String out, String err, String counted) {
        JsonNode job = job(out);
        int error = job.path("error").asInt(-1);
        long done = job.path(counted).path("total_ios").asLong();
        String said = said(err.isBlank() ? out.substring(0, Math.max(0, out.indexOf('{'))) : err);
        if (error == VERIFY_ERROR) {
            return new Ran(End.WRONG, said);
        }
        if (code == 0 && error == 0 && done == blocks) {
            return new Ran(End.OK, "");
        }
        return new Ran(
                End.FAILED, "fio ended with " + code + ", error " + error + ", after " + done + " blocks: " + said);
    }

    private static JsonNode job(String out) {
        try {
            // Before it, fio may say that it could not connect.
            return JSON.readTree(out.substring(Math.max(0, out.indexOf("{\n"))))
                    .path("jobs")
                    .path(0);
        } catch (JsonProcessingException e) {
            return JSON.createObjectNode();
        }
    }

    private static String said(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() > SAID_CHARS_MAX ? line.substring(0, SAID_CHARS_MAX) + "..." : line;
    }

    /** The beginning of a stream, read to its end: a fio whose server is gone writes gigabytes. */
    private static CompletableFuture<String> head(InputStream stream) {
        CompletableFuture<String> head = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            byte[] kept = new byte[0];
            try (stream) {
                kept = stream.readNBytes(OUTPUT_BYTES_MAX);
                stream.skipNBytes(Long.MAX_VALUE);
            } catch (IOException e) {
                // It ended, or was killed.
            }
            head.complete(new String(kept, StandardCharsets.UTF_8));
        });
        return head;
    }
}
