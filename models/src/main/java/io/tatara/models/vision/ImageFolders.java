package io.tatara.models.vision;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Pictures in folders named as their classes, or tar files of such. */
final class ImageFolders {
    /** A picture that is not decoded yet. */
    private record Entry(String category, String name, byte[] data) {}

    private ImageFolders() {}

    /** The data of a folder, empty where it has neither {@code train} nor its tar file. */
    static Optional<ImageData> find(Path folder) {
        Optional<Path> train = part(folder, "train");
        if (train.isEmpty()) {
            return Optional.empty();
        }
        Path test =
                part(folder, "test")
                        .orElseThrow(() ->
                                new ImageFormatException(
                                        folder + " has " + train.get() + ", but no test"));
        List<Entry> trained = entries(train.get());
        List<Entry> tested = entries(test);
        TreeSet<String> names = new TreeSet<>();
        trained.forEach(e -> names.add(e.category));
        for (Entry e : tested) {
            if (!names.contains(e.category)) {
                throw new ImageFormatException(
                        test + ": " + e.name + " is of a class that is not among " + names);
            }
        }
        List<String> classes = List.copyOf(names);
        // Grey only where all are: one colour picture makes the data colour.
        List<Picture> a = decoded(train.get(), trained);
        List<Picture> b = decoded(test, tested);
        boolean grey = Stream.concat(a.stream(), b.stream()).allMatch(Picture::grey);
        return Optional.of(
                new ImageData(
                        images(train.get(), trained, a, classes, grey),
                        images(test, tested, b, classes, grey),
                        classes));
    }

    private static Optional<Path> part(Path folder, String name) {
        Path p = folder.resolve(name);
        if (Files.isDirectory(p)) {
            return Optional.of(p);
        }
        return Stream.of(".tar", ".tar.gz", ".tgz")
                .map(end -> folder.resolve(name + end))
                .filter(Files::isRegularFile)
                .findFirst();
    }

    private static List<Entry> entries(Path part) {
        List<Entry> all =
                Files.isDirectory(part) ? inFolder(part) : Unpacked.read(part, ImageFolders::inTar);
        if (all.isEmpty()) {
            throw new ImageFormatException(part + " has no pictures in folders of classes");
        }
        return all;
    }

    static boolean picture(String name) {
        String n = name.toLowerCase(Locale.ROOT);
        return Stream.of(".jpg", ".jpeg", ".png", ".gif", ".bmp").anyMatch(n::endsWith);
    }

    private static List<Entry> inTar(InputStream in) throws IOException {
        List<Entry> all = new ArrayList<>();
        Tar tar = new Tar(in);
        while (tar.next()) {
            String[] path = tar.name().split("/");
            if (path.length >= 2 && picture(tar.name())) {
                all.add(new Entry(path[path.length - 2], tar.name(), tar.data()));
            }
        }
        return all;
    }

    private static List<Entry> inFolder(Path folder) {
        List<Entry> all = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder, 2)) {
            for (Path p : files.sorted().toList()) {
                boolean within = p.getNameCount() == folder.getNameCount() + 2;
                if (within && picture(p.toString()) && Files.isRegularFile(p)) {
                    String category = p.getParent().getFileName().toString();
                    all.add(new Entry(category, p.toString(), Files.readAllBytes(p)));
                }
            }
        } catch (IOException | UncheckedIOException e) {
            throw new ImageFormatException(folder + " cannot be read: " + e.getMessage(), e);
        }
        return all;
    }

    private static List<Picture> decoded(Path part, List<Entry> entries) {
        List<Picture> all = new ArrayList<>();
        for (Entry e : entries) {
            Picture p = Picture.decode(e.name, e.data);
            if (!all.isEmpty() && !p.fits(all.getFirst())) {
                throw new ImageFormatException(
                        "%s: %s is %s, %s is %s"
                                .formatted(
                                        part,
                                        entries.getFirst().name,
                                        all.getFirst().size(),
                                        e.name,
                                        p.size()));
            }
            all.add(p);
        }
        return all;
    }

    private static Images images(
            Path part,
            List<Entry> entries,
            List<Picture> pictures,
            List<String> classes,
            boolean grey) {
        int n = entries.size();
        int h = pictures.getFirst().height();
        int w = pictures.getFirst().width();
        int channels = grey ? 1 : 3;
        long size = (long) n * channels * h * w;
        if (size > Integer.MAX_VALUE - 8) {
            throw new ImageFormatException(part + ": " + size + " bytes of pictures are too many");
        }
        byte[] pixels = new byte[(int) size];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            pictures.get(i).write(pixels, i * channels * h * w, grey);
            labels[i] = classes.indexOf(entries.get(i).category);
        }
        return new Images(channels, h, w, pixels, labels);
    }
}
