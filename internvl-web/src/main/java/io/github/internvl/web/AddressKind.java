package io.github.internvl.web;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.stream.Stream;

/** The kind of host that an IP address can belong to, by the special-purpose registries of IANA. */
enum AddressKind {
    /** Hosts of the internet. */
    PUBLIC,
    /** This machine, or hosts of its own network. */
    PRIVATE,
    /** Hosts that serve no files: cloud metadata, link-local, multicast, translations to IPv4, documentation and others. */
    RESERVED;

    private static final List<Block> PRIVATE_BLOCKS = blocks(
            "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7");

    /** Checked first, since some lie within the private blocks. The single addresses are metadata services of clouds. */
    private static final List<Block> RESERVED_BLOCKS = blocks(
            "100.100.100.200/32",
            "168.63.129.16/32",
            "fd00:ec2::254/128",
            "fd20:ce::254/128",
            "0.0.0.0/8",
            "169.254.0.0/16",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "3fff::/20");

    /** All of IPv4, and the part of IPv6 that is assigned to hosts. */
    private static final List<Block> UNICAST = blocks("0.0.0.0/0", "2000::/3");

    /** Addresses of one length whose first bits are the same. */
    private record Block(byte[] start, int bits) {
        boolean contains(byte[] address) {
            int rest = address.length * 8 - bits;
            return address.length == start.length
                    && new BigInteger(1, address).shiftRight(rest).equals(new BigInteger(1, start).shiftRight(rest));
        }
    }

    /** An IPv4 address that is written as IPv6 ({@code ::ffff:10.0.0.1}) reaches Java as IPv4. */
    static AddressKind of(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (contains(RESERVED_BLOCKS, bytes)) {
            return RESERVED;
        }
        if (contains(PRIVATE_BLOCKS, bytes)) {
            return PRIVATE;
        }
        return contains(UNICAST, bytes) ? PUBLIC : RESERVED;
    }

    private static boolean contains(List<Block> blocks, byte[] address) {
        return blocks.stream().anyMatch(block -> block.contains(address));
    }

    private static List<Block> blocks(String... texts) {
        return Stream.of(texts)
                .map(text -> text.split("/"))
                .map(parts -> new Block(literal(parts[0]), Integer.parseInt(parts[1])))
                .toList();
    }

    private static byte[] literal(String address) {
        try {
            return InetAddress.getByName(address).getAddress();
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address in digits needs no resolver", e);
        }
    }
}
