package io.github.internvl.video;

import io.github.internvl.vision.spi.ImageFile;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.io.ByteArrayOutputStream;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The items of a HEIF file (ISO/IEC 23008-12), which AVIF and HEIC are: which one is the picture, what is said of it, what it
 * is put together from, and its bytes. Nothing is decoded.
 */
final class HeifFile {
    private final ImageFile image;
    private final Map<Long, String> types = new HashMap<>();
    private final Map<Long, Location> locations = new HashMap<>();
    private final Map<Long, List<HeifBox>> properties = new HashMap<>();
    private final Map<Long, List<Long>> parts = new HashMap<>();
    private long primary = -1;
    private int ownData;

    /** Where an item lies: how its place is counted, and the box that lists its pieces, at their count. */
    private record Location(int method, int reference, long base, HeifBox pieces, int[] sizes) {}

    private HeifFile(ImageFile image) {
        this.image = image;
    }

    static HeifFile read(ImageFile image) {
        HeifFile heif = new HeifFile(image);
        HeifBox file = HeifBox.whole(image.buffer(ByteOrder.BIG_ENDIAN));
        HeifBox meta = file.firstBox("meta")
                .orElseThrow(() -> image.failure(
                        Reason.UNSUPPORTED_FORMAT,
                        "a HEIF file must hold a picture: it has none, and may be a video; Video.open opens those"));
        meta.version();
        meta.boxes().forEach(heif::note);
        return heif;
    }

    /** The item that is the picture. */
    long primary() {
        return primary;
    }

    /** The kind of an item: a codec, or {@code grid}; empty if absent. */
    String type(long item) {
        return types.getOrDefault(item, "");
    }

    /** The items that a derived one is put together from. */
    List<Long> parts(long item) {
        return parts.getOrDefault(item, List.of());
    }

    /** A copy of what is said of an item under a name. */
    Optional<HeifBox> property(long item, String type) {
        return properties.getOrDefault(item, List.of()).stream()
                .filter(box -> box.type().equals(type))
                .findFirst()
                .map(HeifBox::copy);
    }

    /** The bytes of an item. */
    byte[] data(long item) {
        Location location = locations.get(item);
        if (location == null || location.method() > 1 || location.reference() != 0) {
            throw image.failure(
                    Reason.UNSUPPORTED_FORMAT, "item " + item + " of a HEIF file must lie in the file; convert it");
        }
        byte[] file = image.bytes();
        long base = location.base() + (location.method() == 1 ? ownData : 0);
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        HeifBox pieces = location.pieces().copy();
        for (int count = pieces.u16(); count > 0; count--) {
            pieces.number(location.sizes()[2]);
            long start = base + pieces.number(location.sizes()[0]);
            long length = pieces.number(location.sizes()[1]);
            length = length == 0 ? file.length - start : length;
            if (start < 0 || length < 0 || start > file.length || length > file.length - start) {
                throw image.truncated("item " + item + " must be whole");
            }
            if (data.size() + length > file.length) {
                throw image.failure(Reason.CORRUPT, "the pieces of item " + item + " must not overlap; get it again");
            }
            data.write(file, (int) start, (int) length);
        }
        return data.toByteArray();
    }

    private void note(HeifBox box) {
        switch (box.type()) {
            case "pitm" -> primary = box.number(box.version() == 0 ? 2 : 4);
            case "iinf" -> {
                box.skip(box.version() == 0 ? 2 : 4);
                box.boxes().forEach(this::noteType);
            }
            case "iloc" -> noteLocations(box);
            case "iref" -> {
                int bytes = box.version() == 0 ? 2 : 4;
                box.boxes().forEach(reference -> noteParts(reference, bytes));
            }
            case "iprp" -> noteProperties(box.boxes());
            case "idat" -> ownData = box.position();
            default -> {}
        }
    }

    private void noteType(HeifBox entry) {
        int version = entry.version();
        if (version >= 2) {
            long item = entry.number(version == 2 ? 2 : 4);
            entry.u16();
            types.put(item, entry.letters());
        }
    }

    private void noteLocations(HeifBox box) {
        int version = box.version();
        int first = box.u8();
        int second = box.u8();
        int[] sizes = {first >> 4, first & 15, version > 0 ? second & 15 : 0};
        for (long left = box.number(version < 2 ? 2 : 4); left > 0; left--) {
            long item = box.number(version < 2 ? 2 : 4);
            int method = version > 0 ? box.u16() & 15 : 0;
            int reference = box.u16();
            long base = box.number(second >> 4);
            locations.put(item, new Location(method, reference, base, box.copy(), sizes));
            box.skip((long) box.u16() * (sizes[0] + sizes[1] + sizes[2]));
        }
    }

    private void noteParts(HeifBox reference, int bytes) {
        if (reference.type().equals("dimg")) {
            long whole = reference.number(bytes);
            List<Long> found = new ArrayList<>();
            for (int left = reference.u16(); left > 0; left--) {
                found.add(reference.number(bytes));
            }
            parts.put(whole, found);
        }
    }

    private void noteProperties(List<HeifBox> boxes) {
        List<HeifBox> all = new ArrayList<>();
        for (HeifBox box : boxes) {
            if (box.type().equals("ipco")) {
                all.addAll(box.boxes());
            }
        }
        for (HeifBox box : boxes) {
            if (box.type().equals("ipma")) {
                noteOwners(box, all);
            }
        }
    }

    private void noteOwners(HeifBox box, List<HeifBox> all) {
        long head = box.number(4);
        boolean wide = (head & 1) != 0;
        for (long left = box.number(4); left > 0; left--) {
            List<HeifBox> own =
                    properties.computeIfAbsent(box.number(head >> 24 == 0 ? 2 : 4), item -> new ArrayList<>());
            for (int count = box.u8(); count > 0; count--) {
                int index = wide ? box.u16() & 0x7fff : box.u8() & 0x7f;
                if (index > 0 && index <= all.size()) {
                    own.add(all.get(index - 1));
                }
            }
        }
    }
}
