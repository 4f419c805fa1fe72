package io.tatara.models.vision;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The IDX form of MNIST: big-endian int32 numbers, then bytes. Pictures: 2051 (0x0803), count,
 * rows, columns; labels: 2049 (0x0801), count.
 */
final class IdxFiles {
    private static final int PICTURES = 0x0803;
    private static final int LABELS = 0x0801;
    private static final int CLASSES = 10;
    private static final List<String> FASHION =
            List.of(
                    "T-shirt/top",
                    "Trouser",
                    "Pullover",
                    "Dress",
                    "Coat",
                    "Sandal",
                    "Shirt",
                    "Sneaker",
                    "Bag",
                    "Ankle boot");

    private IdxFiles() {}

    /** The data of a folder, empty where it has no file of this form. */
    static Optional<ImageData> find(Path folder) {
        if (pictures(folder, "train").isEmpty() && pictures(folder, "t10k").isEmpty()) {
            return Optional.empty();
        }
        Images train = part(folder, "train");
        Images test = part(folder, "t10k");
        // Not of the test's labels: one that training never saw is a damaged file's.
        int classes = Math.max(CLASSES, 1 + train.largestLabel());
        Path last = folder.toAbsolutePath().normalize().getFileName();
        boolean fashion = classes == CLASSES && last != null && last.toString().contains("fashion");
        return Optional.of(
                new ImageData(train, test, fashion ? FASHION : ImageData.numbers(classes)));
    }

    private static Optional<Path> pictures(Path folder, String part) {
        return ImageData.file(folder, part + "-images-idx3-ubyte", part + "-images.idx3-ubyte");
    }

    private static Images part(Path folder, String part) {
        Path pictures =
                pictures(folder, part)
                        .orElseThrow(() ->
                                new ImageFormatException(
                                        folder + " lacks " + part + "-images-idx3-ubyte"));
        Path labels =
                ImageData.file(folder, part + "-labels-idx1-ubyte", part + "-labels.idx1-ubyte")
                        .orElseThrow(() ->
                                new ImageFormatException(
                                        folder + " lacks " + part + "-labels-idx1-ubyte"));
        return pictures(pictures, labels(labels));
    }

    private static int[] labels(Path file) {
        return Unpacked.read(
                file,
                in -> {
                    int n = header(in, LABELS, 1)[0];
                    byte[] b = Unpacked.bytes(in, n);
                    Unpacked.end(in);
                    int[] l = new int[n];
                    for (int i = 0; i < n; i++) {
                        l[i] = b[i] & 0xff;
                    }
                    return l;
                });
    }

    private static Images pictures(Path file, int[] labels) {
        return Unpacked.read(
                file,
                in -> {
                    int[] dims = header(in, PICTURES, 3);
                    if (dims[0] != labels.length) {
                        throw new ImageFormatException(
                                dims[0] + " pictures, but " + labels.length + " labels");
                    }
                    int side = Math.max(dims[1], dims[2]);
                    long size = (long) dims[0] * dims[1] * dims[2];
                    if (dims[1] < 1 || dims[2] < 1 || side > Images.LARGEST_SIDE) {
                        throw new ImageFormatException(
                                "pictures of " + dims[1] + " x " + dims[2] + " pixels");
                    }
                    if (size > Integer.MAX_VALUE - 8) {
                        throw new ImageFormatException(size + " bytes of pictures are too many");
                    }
                    byte[] b = Unpacked.bytes(in, (int) size);
                    Unpacked.end(in);
                    return new Images(1, dims[1], dims[2], b, labels);
                });
    }

    private static int[] header(InputStream in, int magic, int numbers) throws IOException {
        ByteBuffer b = ByteBuffer.wrap(Unpacked.bytes(in, 4 + 4 * numbers));
        int got = b.getInt();
        if (got != magic) {
            throw new ImageFormatException(
                    "it begins with 0x%08x, expected 0x%08x".formatted(got, magic));
        }
        int[] dims = new int[numbers];
        for (int i = 0; i < numbers; i++) {
            dims[i] = b.getInt();
            if (dims[i] < 0) {
                throw new ImageFormatException("its header has an extent of " + dims[i]);
            }
        }
        return dims;
    }
}
