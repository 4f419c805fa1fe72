package io.tatara.models.vision;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Pictures for training and for the test, and what their labels mean. {@link #read} knows three
 * forms by the files in a folder, each file plain or with {@code .gz}:
 *
 * <ul>
 *   <li>IDX (MNIST, Fashion-MNIST): {@code train-images-idx3-ubyte}, {@code
 *       train-labels-idx1-ubyte} and the same with {@code t10k};
 *   <li>CIFAR's binary form: {@code data_batch_1.bin} … and {@code test_batch.bin}, or {@code
 *       train.bin} and {@code test.bin} with coarse and fine labels (CIFAR-100), also within {@code
 *       cifar-10-batches-bin} or {@code cifar-100-binary}, or a tar file of it;
 *   <li>folders of pictures: {@code train/CLASS/…} and {@code test/CLASS/…}, JPEG, PNG, GIF or BMP,
 *       or {@code train.tar} and {@code test.tar} (also {@code .tar.gz} and {@code .tgz}) with such
 *       entries.
 * </ul>
 *
 * @param classes names by label
 */
public record ImageData(Images train, Images test, List<String> classes) {
    public ImageData {
        classes = List.copyOf(classes);
        if (train.count() == 0 || test.count() == 0) {
            throw new ImageFormatException(
                    train.count() + " training and " + test.count() + " test pictures");
        }
        if (classes.size() < 2) {
            throw new ImageFormatException(
                    "all pictures are of one class, "
                            + classes
                            + ": there is nothing to tell apart");
        }
        if (!train.size().equals(test.size())) {
            throw new ImageFormatException(
                    "training pictures are " + train.size() + ", test pictures " + test.size());
        }
        int largest = Math.max(train.largestLabel(), test.largestLabel());
        if (largest >= classes.size()) {
            throw new ImageFormatException(
                    "a label is " + largest + ", there are " + classes.size() + " classes");
        }
    }

    /**
     * Reads what a folder holds.
     *
     * @throws ImageFormatException if it has none of the forms, a file is damaged, or the parts do
     *     not fit each other
     */
    public static ImageData read(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new ImageFormatException("no such folder of pictures: " + folder);
        }
        try {
            return IdxFiles.find(folder)
                    .or(() -> CifarFiles.find(folder))
                    .or(() -> ImageFolders.find(folder))
                    .orElseThrow(() -> unknown(folder));
        } catch (ImageFormatException e) {
            throw e.getMessage().contains(folder.toString())
                    ? e
                    : new ImageFormatException(folder + ": " + e.getMessage(), e);
        }
    }

    private static ImageFormatException unknown(Path folder) {
        return new ImageFormatException(
                folder
                        + " holds no pictures of a known form: train-images-idx3-ubyte (IDX),"
                        + " data_batch_1.bin or train.bin (CIFAR), or train/CLASS/ or train.tar.gz"
                        + " (folders), and the same for the test");
    }

    /** The file of one of these names, plain or with {@code .gz}. */
    static Optional<Path> file(Path folder, String... names) {
        for (String name : names) {
            for (String end : List.of("", ".gz")) {
                Path p = folder.resolve(name + end);
                if (Files.isRegularFile(p)) {
                    return Optional.of(p);
                }
            }
        }
        return Optional.empty();
    }

    /** 0, 1, 2 … as names. */
    static List<String> numbers(int classes) {
        return IntStream.range(0, classes).mapToObj(String::valueOf).toList();
    }
}
