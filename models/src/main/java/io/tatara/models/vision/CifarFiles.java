package io.tatara.models.vision;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * CIFAR's binary form: records of a label (CIFAR-100: a coarse one, then the fine one that is used)
 * and 1024 red, green and blue values each. Krizhevsky 2009.
 */
final class CifarFiles {
    private static final int SIDE = 32;
    private static final int PICTURE = 3 * SIDE * SIDE;

    /** CIFAR-100's largest file has 154 million bytes. */
    private static final int LARGEST = 1 << 28;

    private static final String FOLDER_10 = "cifar-10-batches-bin";
    private static final String FOLDER_100 = "cifar-100-binary";
    private static final List<String> CLASSES_10 =
            List.of(
                    "airplane",
                    "automobile",
                    "bird",
                    "cat",
                    "deer",
                    "dog",
                    "frog",
                    "horse",
                    "ship",
                    "truck");

    private CifarFiles() {}

    /** The data of a folder, empty where it has no file of this form. */
    static Optional<ImageData> find(Path folder) {
        for (Path f : List.of(folder, folder.resolve(FOLDER_10), folder.resolve(FOLDER_100))) {
            Map<String, byte[]> files = files(f);
            if (!files.isEmpty()) {
                return Optional.of(data(files));
            }
        }
        for (String name : List.of("cifar-10-binary", "cifar-100-binary")) {
            for (String end : List.of(".tar", ".tar.gz", ".tgz")) {
                Path tar = folder.resolve(name + end);
                if (Files.isRegularFile(tar)) {
                    return Optional.of(data(Unpacked.read(tar, CifarFiles::entries)));
                }
            }
        }
        return Optional.empty();
    }

    private static boolean wanted(String name) {
        return name.matches("data_batch_\\d+\\.bin|test_batch\\.bin|train\\.bin|test\\.bin")
                || name.matches("batches\\.meta\\.txt|fine_label_names\\.txt");
    }

    private static Map<String, byte[]> files(Path folder) {
        Map<String, byte[]> files = new TreeMap<>();
        if (!Files.isDirectory(folder)) {
            return files;
        }
        try (var list = Files.list(folder)) {
            for (Path p : list.sorted().toList()) {
                String name = p.getFileName().toString().replaceFirst("\\.gz$", "");
                if (wanted(name) && Files.isRegularFile(p)) {
                    files.put(name, Unpacked.read(p, in -> Unpacked.all(in, LARGEST)));
                }
            }
        } catch (IOException e) {
            throw new ImageFormatException(folder + " cannot be read: " + e.getMessage(), e);
        }
        return files.keySet().stream().anyMatch(n -> n.endsWith(".bin")) ? files : Map.of();
    }

    private static Map<String, byte[]> entries(InputStream in) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        Tar tar = new Tar(in);
        while (tar.next()) {
            String name = tar.name().substring(tar.name().lastIndexOf('/') + 1);
            if (wanted(name)) {
                files.put(name, tar.data());
            }
        }
        return files;
    }

    private static ImageData data(Map<String, byte[]> files) {
        boolean hundred = files.containsKey("train.bin");
        int labels = hundred ? 2 : 1;
        List<byte[]> train = new ArrayList<>();
        files.forEach((name, bytes) -> {
            if (name.equals("train.bin") || name.startsWith("data_batch_")) {
                check(name, bytes, labels);
                train.add(bytes);
            }
        });
        String testName = hundred ? "test.bin" : "test_batch.bin";
        byte[] test = files.get(testName);
        if (train.isEmpty() || test == null) {
            throw new ImageFormatException(
                    "CIFAR's files are not all there, only " + files.keySet());
        }
        check(testName, test, labels);
        byte[] names = files.get(hundred ? "fine_label_names.txt" : "batches.meta.txt");
        List<String> classes = hundred ? ImageData.numbers(100) : CLASSES_10;
        if (names != null) {
            classes =
                    new String(names, StandardCharsets.UTF_8)
                            .lines()
                            .map(String::strip)
                            .filter(s -> !s.isEmpty())
                            .toList();
        }
        return new ImageData(records(train, labels), records(List.of(test), labels), classes);
    }

    private static void check(String name, byte[] bytes, int labels) {
        if (bytes.length == 0 || bytes.length % (PICTURE + labels) != 0) {
            throw new ImageFormatException(
                    "%s has %d bytes, which are no records of %d"
                            .formatted(name, bytes.length, PICTURE + labels));
        }
    }

    private static Images records(List<byte[]> files, int labels) {
        int record = PICTURE + labels;
        int n = files.stream().mapToInt(b -> b.length / record).sum();
        byte[] pixels = new byte[Math.multiplyExact(n, PICTURE)];
        int[] l = new int[n];
        int i = 0;
        for (byte[] b : files) {
            for (int at = 0; at < b.length; at += record, i++) {
                l[i] = b[at + labels - 1] & 0xff;
                System.arraycopy(b, at + labels, pixels, i * PICTURE, PICTURE);
            }
        }
        return new Images(3, SIDE, SIDE, pixels, l);
    }
}
