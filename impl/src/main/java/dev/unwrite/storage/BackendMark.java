package dev.unwrite.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What tells the backend of a volume again: a path says where to look, and not what is there.
 *
 * @param kind what it is
 * @param place of a file its canonical path, of a device the path that was given, else the NBD URI
 * @param id of a file its inode, of a device its serial number or the like; empty where there is none
 * @param made when the file was created; empty where the file system does not say
 */
record BackendMark(Kind kind, String place, String id, String made) {
    enum Kind {
        FILE,
        DEVICE,
        NBD;

        private String wire() {
            return switch (this) {
                case FILE -> "file";
                case DEVICE -> "device";
                case NBD -> "nbd";
            };
        }

        private static Kind ofWire(String text) {
            for (Kind kind : values()) {
                if (kind.wire().equals(text)) {
                    return kind;
                }
            }
            throw new IllegalArgumentException("\"kind\" is none of file, device, nbd");
        }
    }

    /**
     * Whether both mean one backend. A file that was renamed is the same where its inode and the moment of its creation
     * say so; one that was written anew at the same path is not.
     */
    boolean isSameAs(BackendMark other) {
        if (kind != other.kind) {
            return false;
        }
        boolean samePlace = place.equals(other.place);
        return switch (kind) {
            case NBD -> samePlace;
            case DEVICE -> (id.isEmpty() || other.id.isEmpty()) ? samePlace : id.equals(other.id);
            case FILE -> {
                boolean dated = !made.isEmpty() && !other.made.isEmpty();
                boolean sameMoment = dated ? made.equals(other.made) : samePlace;
                yield sameMoment && id.equals(other.id);
            }
        };
    }

    /** Whether this is known from what it is, and not only from where it is. */
    boolean isIntrinsic() {
        return kind != Kind.NBD && !id.isEmpty();
    }

    void writeTo(ObjectNode node) {
        node.put("kind", kind.wire()).put("place", place).put("ident", id).put("made", made);
    }

    /** Throws {@link IllegalArgumentException} with one line if it is none. */
    static BackendMark of(JsonNode node) {
        return new BackendMark(
                Kind.ofWire(Json.string(node, "kind")),
                Json.string(node, "place"),
                Json.string(node, "ident"),
                Json.string(node, "made"));
    }
}
