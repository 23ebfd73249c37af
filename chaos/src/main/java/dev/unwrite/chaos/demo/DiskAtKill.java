package dev.unwrite.chaos.demo;

import dev.unwrite.chaos.check.BlockDiff;
import dev.unwrite.chaos.check.ObservedTakeover;
import dev.unwrite.chaos.cluster.Cluster;
import dev.unwrite.chaos.cluster.HostId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the disk was like when its primary was just dead: read by the harness from the file behind the shared storage,
 * before the other host has noticed. It shows how far the disk had run ahead of the checkpoint.
 */
final class DiskAtKill {
    private DiskAtKill() {}

    /** Copies as much of the volume as the copies of the dead host have; null where it left none. */
    static @Nullable Path copy(Cluster cluster, HostId dead, Path to) throws IOException {
        long bytes = 0;
        try (DirectoryStream<Path> images = Files.newDirectoryStream(cluster.witness(dead), "image-*.bin")) {
            for (Path image : images) {
                bytes = Math.max(bytes, Files.size(image));
            }
        }
        if (bytes == 0) {
            return null;
        }
        try (InputStream volume = Files.newInputStream(cluster.volume())) {
            Files.write(to, volume.readNBytes(Math.toIntExact(bytes)));
        }
        return to;
    }

    /** The blocks that were not those of the checkpoint; null where that is not known. */
    static @Nullable List<Integer> ahead(@Nullable Path atKill, ObservedTakeover.Witness witness) throws IOException {
        Path image = witness.image();
        return atKill == null || image == null ? null : BlockDiff.between(image, atKill);
    }

    /** The blocks that are not those of the checkpoint after the rollback; null where that is not known. */
    static @Nullable List<Integer> different(ObservedTakeover.Witness witness) throws IOException {
        return ahead(witness.restored(), witness);
    }

    /** How many blocks from the start of the disk up to the last one that holds anything. */
    static int blocksInUse(ObservedTakeover.Witness witness) throws IOException {
        Path image = witness.image();
        if (image == null) {
            return 0;
        }
        byte[] bytes = Files.readAllBytes(image);
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] == 0) {
            end--;
        }
        return (end + BlockDiff.BLOCK_BYTES - 1) / BlockDiff.BLOCK_BYTES;
    }
}
