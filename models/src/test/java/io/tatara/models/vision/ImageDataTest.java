package io.tatara.models.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.models.SharedData;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDataTest {
    @TempDir private Path folder;

    private void refused(String... parts) {
        assertThatThrownBy(() -> ImageData.read(folder))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining(folder.toString())
                .hasMessageContainingAll(parts);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void idxFilesAreRead(boolean packed) throws IOException {
        Samples.idx(folder, packed);
        ImageData d = ImageData.read(folder);
        assertThat(d.train().size()).isEqualTo("1 x 2 x 3");
        assertThat(d.train().pixels()).isEqualTo(Samples.counting(18));
        assertThat(d.train().labels()).containsExactly(5, 0, 9);
        assertThat(d.test().labels()).containsExactly(1, 2);
        assertThat(d.classes()).hasSize(10).startsWith("0", "1");
    }

    @Test
    void brokenIdxFilesAreNamed() throws IOException {
        Path pictures = folder.resolve("train-images-idx3-ubyte");
        byte[] p = Samples.counting(18);
        Samples.idx(folder, false);
        Files.write(pictures, Samples.idxPictures(2049, 3, 2, 3, p));
        refused("train-images-idx3-ubyte", "0x00000801", "0x00000803");
        Files.write(pictures, Arrays.copyOf(Samples.idxPictures(2051, 3, 2, 3, p), 30));
        refused("train-images-idx3-ubyte", "cut short", "14 of 18");
        Files.write(pictures, Samples.idxPictures(2051, 3, 2, 3, Samples.counting(19)));
        refused("train-images-idx3-ubyte", "more");
        Files.write(pictures, Samples.idxPictures(2051, 4, 2, 3, p));
        refused("4 pictures", "3 labels");
        Files.write(pictures, Samples.idxPictures(2051, 3, 1 << 30, 1 << 30, p));
        refused("1073741824");
        Files.write(pictures, Samples.idxPictures(2051, 3, 4096, 4096, p));
        refused("cut short");
        Files.write(pictures, Samples.idxPictures(2051, -3, 2, 3, p));
        refused("-3");
        Path labels = folder.resolve("t10k-labels-idx1-ubyte");
        byte[] l = Files.readAllBytes(labels);
        byte[] wrong = l.clone();
        wrong[wrong.length - 1] = (byte) 200;
        Files.write(pictures, Samples.idxPictures(2051, 3, 2, 3, p));
        Files.write(labels, wrong);
        refused("200", "10 classes");
        Files.write(labels, l);
        Files.delete(pictures);
        Files.write(folder.resolve("train-images-idx3-ubyte.gz"), new byte[] {1, 2, 3, 4});
        refused("train-images-idx3-ubyte.gz");
        byte[] packed = Samples.gzip(Samples.idxPictures(2051, 3, 2, 3, p));
        Files.write(
                folder.resolve("train-images-idx3-ubyte.gz"),
                Arrays.copyOf(packed, packed.length / 2));
        refused("train-images-idx3-ubyte.gz", "cut short");
        Files.delete(folder.resolve("t10k-labels-idx1-ubyte"));
        Samples.write(pictures, Samples.idxPictures(2051, 3, 2, 3, p), false);
        refused("t10k-labels-idx1-ubyte");
    }

    @Test
    void ofFashionMnistTheClassesHaveNames() throws IOException {
        Path fashion = Files.createDirectory(folder.resolve("fashion-mnist"));
        Samples.idx(fashion, true);
        assertThat(ImageData.read(fashion).classes()).startsWith("T-shirt/top").hasSize(10);
    }

    private static byte[] record(int labels, int first, int fill) {
        byte[] b = new byte[labels + 3072];
        Arrays.fill(b, (byte) fill);
        b[0] = (byte) first;
        b[labels - 1] = (byte) (labels == 1 ? first : first + 1);
        return b;
    }

    private static byte[] join(byte[]... parts) {
        int n = Arrays.stream(parts).mapToInt(p -> p.length).sum();
        byte[] all = new byte[n];
        int at = 0;
        for (byte[] p : parts) {
            System.arraycopy(p, 0, all, at, p.length);
            at += p.length;
        }
        return all;
    }

    @Test
    void cifarFilesAreReadPlainPackedAndFromATarFile() throws IOException {
        byte[] one = join(record(1, 3, 10), record(1, 7, 200));
        byte[] two = record(1, 9, 30);
        byte[] test = record(1, 0, 40);
        Files.write(folder.resolve("data_batch_1.bin"), one);
        Files.write(folder.resolve("data_batch_2.bin.gz"), Samples.gzip(two));
        Files.write(folder.resolve("test_batch.bin"), test);
        ImageData d = ImageData.read(folder);
        assertThat(d.train().size()).isEqualTo("3 x 32 x 32");
        assertThat(d.train().labels()).containsExactly(3, 7, 9);
        assertThat(d.train().pixels()[3072] & 0xff).isEqualTo(200);
        assertThat(d.test().labels()).containsExactly(0);
        assertThat(d.classes()).startsWith("airplane").endsWith("truck");

        Path other = Files.createDirectory(folder.resolve("packed"));
        String in = "cifar-10-batches-bin/";
        byte[] tar =
                Samples.tar(
                        List.of(in + "data_batch_1.bin", in + "readme.html", in + "test_batch.bin"),
                        List.of(one, new byte[100], test));
        Files.write(other.resolve("cifar-10-binary.tar.gz"), Samples.gzip(tar));
        assertThat(ImageData.read(other).train().pixels())
                .isEqualTo(Arrays.copyOf(d.train().pixels(), 2 * 3072));

        String names = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n";
        Files.writeString(folder.resolve("batches.meta.txt"), names);
        assertThat(ImageData.read(folder).classes()).startsWith("a", "b").hasSize(10);
    }

    @Test
    void ofTwoLabelsTheFineOneCounts() throws IOException {
        Files.write(folder.resolve("train.bin"), record(2, 3, 10));
        Files.write(folder.resolve("test.bin"), record(2, 98, 10));
        ImageData d = ImageData.read(folder);
        assertThat(d.train().labels()).containsExactly(4);
        assertThat(d.test().labels()).containsExactly(99);
        assertThat(d.classes()).hasSize(100);
    }

    @Test
    void brokenCifarFilesAreNamed() throws IOException {
        Files.write(folder.resolve("data_batch_1.bin"), new byte[3000]);
        refused("data_batch_1.bin", "3000");
        Files.write(folder.resolve("data_batch_1.bin"), record(1, 3, 10));
        refused("not all there");
        Files.write(folder.resolve("test_batch.bin"), record(1, 10, 10));
        refused("label is 10");
        Files.delete(folder.resolve("data_batch_1.bin"));
        Files.delete(folder.resolve("test_batch.bin"));
        byte[] tar = Samples.tar(List.of("data_batch_1.bin"), List.of(new byte[3073]));
        Files.write(folder.resolve("cifar-10-binary.tar"), Arrays.copyOf(tar, 2000));
        refused("cifar-10-binary.tar", "cut short");
        // What its first entry says is whole; the rest may be missing.
        Files.write(folder.resolve("cifar-10-binary.tar"), Arrays.copyOf(tar, 512 + 3584));
        refused("cifar-10-binary.tar", "cut short");
        tar[124] = '7';
        Files.write(folder.resolve("cifar-10-binary.tar"), tar);
        refused("sum");
        // The same with a sum that fits: an entry of 7 · 8^10 bytes more.
        Samples.sum(tar);
        Files.write(folder.resolve("cifar-10-binary.tar"), tar);
        refused("a tar entry of " + (7L * (1L << 30) + 3073));
    }

    @Test
    void aPackedFileIsHeldToItsCheckSum() throws IOException {
        byte[] test = record(1, 0, 40);
        byte[] tar =
                Samples.tar(List.of("data_batch_1.bin", "test_batch.bin"), List.of(test, test));
        byte[] packed = Samples.gzip(tar);
        Path file = folder.resolve("cifar-10-binary.tar.gz");
        Files.write(file, packed);
        assertThat(ImageData.read(folder).train().count()).isOne();
        packed[packed.length - 8] ^= 1;
        Files.write(file, packed);
        refused("cifar-10-binary.tar.gz", "damaged");
    }

    private void folders(Path in, String form) throws IOException {
        for (String part : List.of("train", "test")) {
            Path p = in.resolve(part);
            Samples.write(p.resolve("cat/1." + form), Samples.picture(form, 5, 4, 0x102030), false);
            Samples.write(p.resolve("ant/2." + form), Samples.picture(form, 5, 4, 0xff0000), false);
        }
    }

    @Test
    void foldersOfPicturesAreRead() throws IOException {
        folders(folder, "png");
        Files.writeString(folder.resolve("train/cat/notes.txt"), "no picture");
        ImageData d = ImageData.read(folder);
        assertThat(d.classes()).containsExactly("ant", "cat");
        assertThat(d.train().size()).isEqualTo("3 x 4 x 5");
        assertThat(d.train().labels()).containsExactly(0, 1);
        byte[] p = d.train().pixels();
        assertThat(p[0] & 0xff).isEqualTo(255);
        assertThat(new int[] {p[60], p[80], p[100]}).containsExactly(0x10, 0x20, 0x30);
    }

    private static byte[] grey(int value) throws IOException {
        BufferedImage image = new BufferedImage(2, 2, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 4; i++) {
            image.getRaster().setSample(i % 2, i / 2, 0, value + i);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, "png", out);
        return out.toByteArray();
    }

    @Test
    void picturesAreGreyWhereAllAre() throws IOException {
        for (String part : List.of("train", "test")) {
            Files.createDirectories(folder.resolve(part + "/a"));
            Files.write(folder.resolve(part + "/a/1.png"), grey(100));
            Files.createDirectories(folder.resolve(part + "/b"));
            Files.write(folder.resolve(part + "/b/1.png"), grey(200));
        }
        Images x = ImageData.read(folder).train();
        assertThat(x.size()).isEqualTo("1 x 2 x 2");
        byte[] expected = new byte[8];
        for (int i = 0; i < 8; i++) {
            expected[i] = (byte) ((i < 4 ? 100 : 200) + i % 4);
        }
        assertThat(x.pixels()).isEqualTo(expected);
        Files.write(folder.resolve("test/b/2.png"), Samples.picture("png", 2, 2, 0x102030));
        ImageData d = ImageData.read(folder);
        assertThat(d.train().size()).isEqualTo("3 x 2 x 2");
        assertThat(Arrays.copyOfRange(d.train().pixels(), 4, 8))
                .isEqualTo(Arrays.copyOf(expected, 4));
    }

    @Test
    void foldersMayBeLinks() throws IOException {
        Path kept = Files.createDirectory(folder.resolve("kept"));
        folders(kept, "png");
        Path linked = Files.createDirectory(folder.resolve("linked"));
        Files.createSymbolicLink(linked.resolve("train"), kept.resolve("train"));
        Files.createDirectory(linked.resolve("test"));
        for (String name : List.of("ant", "cat")) {
            Files.createSymbolicLink(
                    linked.resolve("test").resolve(name), kept.resolve("test").resolve(name));
        }
        ImageData d = ImageData.read(linked);
        assertThat(d.train().pixels()).isEqualTo(ImageData.read(kept).train().pixels());
        assertThat(d.test().count()).isEqualTo(2);
    }

    @Test
    void oneClassIsNothingToLearn() throws IOException {
        byte[] picture = Samples.picture("png", 5, 4, 0);
        Samples.write(folder.resolve("train/cat/1.png"), picture, false);
        Samples.write(folder.resolve("test/cat/1.png"), picture, false);
        refused("one class", "cat");
    }

    @Test
    void scaledPixelsAreMeansOfAreas() {
        Picture row = new Picture(1, 3, new int[] {0x000000, 0x3C0000, 0xFF0000}, false);
        // Of 0, 60, 255: (0 + 60 / 2) / 1.5 and (60 / 2 + 255) / 1.5.
        assertThat(row.scaled(1, 2).rgb()).containsExactly(20 << 16, 190 << 16);
        assertThat(row.scaled(2, 1).rgb()).containsExactly(105 << 16, 105 << 16);
        assertThat(row.scaled(1, 3)).isSameAs(row);
        byte[] colours = new byte[3];
        new Picture(1, 1, new int[] {0x102030}, false).write(colours, 0, true);
        // 0.299 · 16 + 0.587 · 32 + 0.114 · 48 = 29.04
        assertThat(colours[0]).isEqualTo((byte) 29);
    }

    @Test
    void tarFilesOfPicturesAreReadAsFoldersAre() throws IOException {
        folders(folder, "png");
        Path packed = Files.createDirectory(folder.resolve("packed"));
        for (String part : List.of("train", "test")) {
            List<String> names = List.of(part + "/ant/2.png", part + "/cat/1.png");
            List<byte[]> contents = new ArrayList<>();
            for (String n : names) {
                contents.add(Files.readAllBytes(folder.resolve(n)));
            }
            Samples.write(packed.resolve(part + ".tar"), Samples.tar(names, contents), true);
        }
        ImageData a = ImageData.read(folder);
        ImageData b = ImageData.read(packed);
        assertThat(b.train().pixels()).isEqualTo(a.train().pixels());
        assertThat(b.train().labels()).isEqualTo(a.train().labels());
        assertThat(b.classes()).isEqualTo(a.classes());
    }

    @Test
    void brokenFoldersAreNamed() throws IOException {
        refused("no pictures of a known form");
        folders(folder, "jpg");
        Path odd = folder.resolve("train/cat/3.jpg");
        Files.write(odd, Samples.picture("jpg", 6, 4, 0));
        refused("3.jpg", "4 x 6", "4 x 5");
        byte[] whole = Samples.picture("jpg", 5, 4, 0);
        Files.write(odd, Arrays.copyOf(whole, 40));
        refused("3.jpg");
        for (int missing : new int[] {2, 4}) {
            Files.write(odd, Arrays.copyOf(whole, whole.length - missing));
            refused("3.jpg", "cut short");
        }
        Files.write(odd, new byte[] {1, 2, 3});
        refused("3.jpg", "no picture of a known form");
        byte[] bmp = Samples.picture("bmp", 5, 4, 0);
        Files.write(odd, Arrays.copyOf(bmp, bmp.length - 8));
        refused("3.jpg is cut short");
        Files.delete(odd);
        Samples.write(folder.resolve("test/dog/1.jpg"), whole, false);
        refused("dog", "not among [ant, cat]");
        Path other = Files.createDirectory(folder.resolve("other"));
        Files.createDirectory(other.resolve("train"));
        assertThatThrownBy(() -> ImageData.read(other)).hasMessageContaining("no test");
        Files.createDirectory(other.resolve("test"));
        assertThatThrownBy(() -> ImageData.read(other)).hasMessageContaining("has no pictures");
        assertThatThrownBy(() -> ImageData.read(folder.resolve("nowhere")))
                .hasMessageContaining("nowhere");
    }

    @Test
    @DisplayName("CIFAR-10 as JPEG is what libjpeg makes of it (skipped where shared/data is not)")
    void javasDecoderAgreesWithLibjpegs() throws IOException {
        Path real = SharedData.find("cifar10-subset");
        assumeTrue(real != null, "needs shared/data");
        ImageData d = ImageData.read(real);
        assertThat(d.train().count()).isEqualTo(20_000);
        assertThat(d.test().count()).isEqualTo(10_000);
        Path named = Files.createDirectory(folder.resolve("bin"));
        byte[] test = Files.readAllBytes(real.resolve("test1000.bin.gz"));
        Files.write(named.resolve("test_batch.bin.gz"), test);
        Files.write(named.resolve("data_batch_1.bin.gz"), test);
        Images bin = ImageData.read(named).test();
        assertThat(Arrays.copyOf(d.test().labels(), 1000)).isEqualTo(bin.labels());
        long difference = 0;
        for (int i = 0; i < bin.pixels().length; i++) {
            difference += Math.abs((d.test().pixels()[i] & 0xff) - (bin.pixels()[i] & 0xff));
        }
        assertThat((double) difference / bin.pixels().length).isLessThan(1.5);
    }
}
