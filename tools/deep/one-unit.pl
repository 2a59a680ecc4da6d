#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Prints one C file that is all those named, so that a compiler sees the whole library at once. What several files
# call by the same name (static functions and objects, types, constants) gets a number behind it; where a struct has
# a member of that name, the member keeps it. A file's macros end with the file.
#
#     one-unit.pl FOLDER FILE...
#
# Copyright (c) 2026 the libvow authors
use strict;
use warnings;

my ($folder, @files) = @ARGV;
my (%text, %names, %files_of);
my @system = qw(wait pause signal); # declared by headers that not every file includes

# Without comments, which may hold what looks like a name.
sub text_of {
    my ($name) = @_;
    open my $file, '<', "$folder/$name" or die "$folder/$name: $!\n";
    local $/;
    my $text = <$file>;
    $text =~ s{/\*(.*?)\*/}{ my $lines = $1 =~ tr/\n//; ' ' . "\n" x $lines }gse;
    return $text;
}

# What begins at the left margin, and the constants of enums.
sub own_names {
    my ($text) = @_;
    my %own;
    while ($text =~ /^(static\b[^;={]*?)\b(\w+)\s*(?=\(|\[|=|;)/mg) { $own{$2} = 1 }
    while ($text =~ /^(?:typedef )?(?:struct|union|enum) (\w+)(?= \{|;)/mg) { $own{$1} = 1 }
    while ($text =~ /^\} (\w+);/mg) { $own{$1} = 1 }
    while ($text =~ /^typedef [^{}();]* (\w+);/mg) { $own{$1} = 1 }
    while ($text =~ /^(?:typedef )?enum[^{;]*\{([^}]*)\}/mg) {
        $own{$_} = 1 for map { /(\w+)/ ? $1 : () } split /,/, $1;
    }
    return grep { !/^(?:vow_|VOW_|enum$|struct$)/ } keys %own;
}

# The members of a struct are marked.
sub members {
    my ($body) = @_;
    $body =~ s/\b(?=\w+(?:\[[^\]]*\])*(?: : \d+)?[;,])/\x01/g;
    return $body;
}

for my $name (@files) {
    $text{$name} = text_of($name);
    $names{$name} = [own_names($text{$name})];
    my %calls = map { $_ => 1 } $text{$name} =~ /\b([a-z]\w*)\(/g, @{ $names{$name} };
    $files_of{$_}++ for keys %calls, @system;
}
my $number = 0;
print "#define _GNU_SOURCE\n";
for my $name (@files) {
    my $text = $text{$name};
    my %own = map { $_ => 1 } grep { $files_of{$_} > 1 } @{ $names{$name} };
    $own{"vow__task_$_"} = 1 for grep { $own{$_} } $text =~ /^VOW_ASYNC\((\w+)/mg;
    $number++;
    $text =~ s{^((?:typedef )?struct[^;{}()]*\{\n)(.*?)^\}}{ $1 . members($2) . "\x7d" }gsem;
    $text =~ s{("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(->|\.|\x01)?(\s*)\b([A-Za-z_]\w*)}
              { $1 // (($2 // '') . $3 . $4 . (!$2 && $own{$4} ? "_$number" : '')) }ge;
    $text =~ tr/\x01//d;
    print "#line 1 \"$folder/$name\"\n$text\n";
    print "#undef $_\n" for $text =~ /^#\s*define\s+(\w+)/mg;
}
