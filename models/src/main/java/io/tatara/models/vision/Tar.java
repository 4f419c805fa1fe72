package io.tatara.models.vision;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * Reads the regular files of a tar stream (ustar, GNU and pax long names), one after the other.
 * Nothing is written anywhere: names are labels only.
 */
final class Tar {
    private static final int BLOCK = 512;

    /** Larger entries are no pictures. */
    private static final int LARGEST = 1 << 28;

    /** More than all pictures of a set may have: what unpacks to more is damaged, or a trap. */
    private static final long LARGEST_SUM = Integer.MAX_VALUE;

    private static final int LARGEST_NAME = 1 << 16;

    private final InputStream in;
    private String name;
    private byte[] data;
    private long sum;

    Tar(InputStream in) {
        this.in = in;
    }

    String name() {
        return name;
    }

    byte[] data() {
        return data;
    }

    /** Goes to the next regular file; false at the end. */
    boolean next() throws IOException {
        String longName = null;
        while (true) {
            byte[] head = in.readNBytes(BLOCK);
            if (head.length == BLOCK && empty(head)) {
                return false;
            }
            if (head.length < BLOCK) {
                throw new ImageFormatException("the tar file is cut short");
            }
            check(head);
            int size = size(head);
            char type = (char) head[156];
            boolean forName = type == 'L' || type == 'x';
            if (forName && size > LARGEST_NAME) {
                throw new ImageFormatException("a tar entry's name has " + size + " bytes");
            }
            sum += size;
            if (sum > LARGEST_SUM) {
                throw new ImageFormatException("a tar file of more than " + LARGEST_SUM + " bytes");
            }
            byte[] body = Unpacked.bytes(in, size);
            in.readNBytes((BLOCK - size % BLOCK) % BLOCK);
            if (type == 'L') {
                longName = text(body, 0, size);
            } else if (type == 'x') {
                String pax = paxName(body);
                longName = pax == null ? longName : pax;
            } else if (type == '0' || type == 0) {
                name = longName != null ? longName : headName(head);
                data = body;
                return true;
            } else {
                longName = null;
            }
        }
    }

    private static boolean empty(byte[] head) {
        for (byte b : head) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    /** The sum of the header's bytes, its own field taken as blanks. */
    private static void check(byte[] head) {
        int sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : head[i] & 0xff;
        }
        if (octal(head, 148, 8) != sum) {
            throw new ImageFormatException(
                    "it is no tar file, or damaged: a header's sum is wrong");
        }
    }

    private static int size(byte[] head) {
        long size = octal(head, 124, 12);
        if (size < 0 || size > LARGEST) {
            throw new ImageFormatException("a tar entry of " + size + " bytes");
        }
        return (int) size;
    }

    /** An octal number, -1 where there is none. */
    private static long octal(byte[] b, int from, int length) {
        String s = text(b, from, length).strip();
        try {
            return s.isEmpty() ? 0 : Long.parseLong(s, 8);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static String headName(byte[] head) {
        boolean ustar = text(head, 257, 5).equals("ustar");
        String prefix = ustar ? text(head, 345, 155) : "";
        String name = text(head, 0, 100);
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    /** The path of a pax header: lines "LENGTH path=…\n". */
    private static String paxName(byte[] body) {
        for (String line : new String(body, StandardCharsets.UTF_8).split("\n")) {
            int at = line.indexOf(" path=");
            if (at > 0) {
                return line.substring(at + 6);
            }
        }
        return null;
    }

    private static String text(byte[] b, int from, int length) {
        int end = from;
        while (end < from + length && b[end] != 0) {
            end++;
        }
        return new String(b, from, end - from, StandardCharsets.UTF_8);
    }
}
