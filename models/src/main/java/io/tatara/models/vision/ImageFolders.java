package io.tatara.models.vision;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
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

    /** Pictures in colour, and whether all of their files are grey. */
    private record Decoded(Images images, boolean grey) {}

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
        Decoded a = decoded(train.get(), trained, classes);
        Decoded b = decoded(test, tested, classes);
        // Grey only where all are: one colour picture makes the data colour.
        boolean grey = a.grey && b.grey;
        return Optional.of(
                new ImageData(
                        grey ? a.images.firstChannel() : a.images,
                        grey ? b.images.firstChannel() : b.images,
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
        try (Stream<Path> files = Files.walk(folder, 2, FileVisitOption.FOLLOW_LINKS)) {
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

    /** Picture by picture into bytes: what decoders make of all of them is four times as large. */
    private static Decoded decoded(Path part, List<Entry> entries, List<String> classes) {
        Entry start = entries.getFirst();
        Picture first = Picture.decode(start.name, start.data);
        long size = (long) entries.size() * 3 * first.height() * first.width();
        if (size > Integer.MAX_VALUE - 8) {
            throw new ImageFormatException(part + ": " + size + " bytes of pictures are too many");
        }
        byte[] pixels = new byte[(int) size];
        int[] labels = new int[entries.size()];
        boolean grey = true;
        for (int i = 0; i < labels.length; i++) {
            Entry e = entries.get(i);
            Picture p = Picture.decode(e.name, e.data);
            if (!p.fits(first)) {
                throw new ImageFormatException(
                        "%s: %s is %s, %s is %s"
                                .formatted(part, start.name, first.size(), e.name, p.size()));
            }
            p.write(pixels, (int) (size / labels.length * i), false);
            labels[i] = classes.indexOf(e.category);
            grey &= p.grey();
        }
        return new Decoded(new Images(3, first.height(), first.width(), pixels, labels), grey);
    }
}
