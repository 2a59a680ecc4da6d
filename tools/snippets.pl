#!/usr/bin/env perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Takes what the documentation shows as code out of it, one file a snippet, and prints their names:
#
#   snippets.pl --out DIR FILE...
#
# A snippet is what is indented by four in a comment of a header, set between .nf and .fi in a manual page, or
# fenced in a .md file. One of a header has the name of what its comment describes, vow_then or interval.h;
# one of another file that of the file. A second one of the same name is NAME-2, and so on.
# A #line in front says where it comes from, so that a compiler complains about the documentation.
use strict;
use warnings;
use FindBin;
use Getopt::Long;
use lib $FindBin::Bin;
use VowHeaders;

my $out;
GetOptions('out=s' => \$out) && defined $out && @ARGV or die "usage: snippets.pl --out DIR FILE...\n";

# Neighbours are one piece, whatever their distance. The first one begins after an empty line.
my $PIECE = qr/(?:\n[ \t]*)\n((?: {4}[^\n]*(?:\n|\z)|[ \t]*\n(?=\s*\n* {4}))+)/;

my %count;
for my $path (@ARGV) {
    my $text = read_text($path);
    if ($path =~ /\.h(?:\.in)?$/) {
        of_header($path, $text);
    } elsif ($path =~ /\.md$/) {
        between($path, $text, qr/^```\w*\n/m, qr/^```$/m);
    } else {
        between($path, unroff($text), qr/^\.nf\n/m, qr/^\.fi$/m);
    }
}

sub of_header
{
    my ($path, $text) = @_;
    while ($text =~ m{/\*(.*?)\*/\s*}gs) {
        my ($comment, $line, $end) = ($1, line_of($text, $-[1]), pos $text);
        $comment =~ s/^[ \t]*\*(?: |$)//gm;
        my $name;
        while ($comment =~ /$PIECE/g) {
            my ($code, $at) = ($1, $line + line_of($comment, $-[1]) - 1);
            $name //= name_of($path, $comment, \$text);
            $code =~ s/^ {4}//gm;
            write_snippet($name, $path, $at, $code);
        }
        (my $prose = $comment) =~ s/$PIECE//g;
        die "$path: code without an empty line before it: $1\n" if $prose =~ /^( {4}.*(?:\);|[{}];?))$/m;
        pos($text) = $end;
    }
}

# What the comment in front of pos($$text) describes.
sub name_of
{
    my ($path, $comment, $text) = @_;
    return file_name($path) if $comment =~ /\@file\b/;
    my $item = declaration($text) or die "$path: a snippet in a comment that describes nothing:\n$comment";
    return $item->{name};
}

sub between
{
    my ($path, $text, $open, $close) = @_;
    while ($text =~ /$open(.*?)$close/gs) {
        write_snippet(file_name($path), $path, line_of($text, $-[1]), $1);
    }
}

# A manual page's code as it is read, line by line where it was.
sub unroff
{
    my ($text) = @_;
    $text =~ s/^\.sp$//gm;
    $text =~ s/\\f[BIPR]//g;
    my %char = ('-' => '-', 'e' => '\\', '(aq' => "'", '(ga' => '`', '&' => '');
    $text =~ s/\\(-|e|\(aq|\(ga|&)/$char{$1}/g;
    return $text;
}

sub write_snippet
{
    my ($name, $path, $line, $code) = @_;
    $name .= "-$count{$name}" if ++$count{$name} > 1;
    open my $file, '>:encoding(UTF-8)', "$out/$name" or die "$out/$name: $!\n";
    $code =~ s/\s*\z/\n/;
    print $file "#line $line \"$path\"\n$code";
    close $file or die "$out/$name: $!\n";
    print "$name\n";
}

sub file_name
{
    my ($path) = @_;
    return $path =~ m{([^/]+?)(?:\.in)?$} ? $1 : $path;
}

sub line_of
{
    my ($text, $position) = @_;
    return 1 + (substr($text, 0, $position) =~ tr/\n//);
}
