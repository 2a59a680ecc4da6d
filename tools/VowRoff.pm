# SPDX-License-Identifier: BSD-2-Clause
#
# Turns the text of our header comments into roff for the man macros: prose, code, lists and prototypes.
# The output is ASCII, one sentence a line, and clean under `mandoc -Tlint` and `groff -ww`. Called by man.pl.
package VowRoff;

use strict;
use warnings;
use Exporter 'import';
use VowHeaders;

our @EXPORT = qw(prose inline plain code declare sentence note wrap);

my $WIDTH = 72;    # what a line of a synopsis may fill, as man(1) shows it on 80 columns

# A context is what a page needs to set its words: {self => its name, pages => {name => 1},
# params => {name => 1}, seen => {}}; "seen" collects the pages that the text names, as "name(3)".

# Paragraphs; those indented by four are code, and neighbours of that kind are one piece of it.
sub prose
{
    my ($context, $text) = @_;
    my @out;
    for my $paragraph (grep { /\S/ } split /\n\s*\n/, $text // '') {
        if ($paragraph !~ /^ {4}/) {
            push @out, inline($context, $paragraph);
        } elsif (@out && ref $out[-1]) {
            ${$out[-1]} .= "\n\n$paragraph";
        } else {
            push @out, \(my $piece = $paragraph);
        }
    }
    return join ".PP\n", map { ref ? code($$_) : $_ } @out;
}

# One paragraph. Names of functions, of parameters and of errors get their fonts, and their place in "seen".
sub inline
{
    my ($context, $text) = @_;
    $text =~ s/\s+/ /g;
    $text = escape($text);
    $text =~ s{`([^`]+)`|\b(\w+)\((\d)\)|\b(\w+)\(\)|\b(VOW_[A-Z_]*[A-Z]|E[A-Z]{4,}|NULL)\b|\b(fn|on_\w+)\b}{
        defined $1 ? quoted($context, $1)
        : defined $2 ? reference($context, $2, $3)
        : defined $4 ? called($context, $4)
        : defined $5 ? ($5 eq 'NULL' ? $5 : "\\fB$5\\fP")
        : parameter($context, $6)
    }gex;
    $text =~ s/^\s+|\s+$//g;
    $text =~ s/(?<=[.?!])([")]?) (?=["(\\]?(?:f[BI])?[A-Z])/$1\n/g;
    return join '', map { wrap($_) } split /\n/, $text;
}

sub quoted
{
    my ($context, $code) = @_;
    return "\\fI$code\\fP" if $context->{params}{$code};
    note($context, $1) if $code =~ /^(?:enum |struct )?(vow_\w+|VOW_\w+)(?: \*)?$/;
    $code =~ s/-/\\-/g;
    $code =~ s/'/\\(aq/g;
    return "\\fB$code\\fP";
}

sub reference
{
    my ($context, $name, $section) = @_;
    $context->{seen}{"$name($section)"} = 1;
    return "\\fB$name\\fP($section)";
}

sub called
{
    my ($context, $name) = @_;
    return "\\fI$name\\fP()" if $context->{params}{$name};
    return "\\fB$name\\fP(3)" if note($context, $name);
    return "\\fB$name\\fP()";
}

sub parameter
{
    my ($context, $name) = @_;
    return $context->{params}{$name} ? "\\fI$name\\fP" : $name;
}

# Whether another page of ours has this name; remembers it for SEE ALSO.
sub note
{
    my ($context, $name) = @_;
    return 0 if $name eq $context->{self} || !$context->{pages}{$name};
    $context->{seen}{"$name(3)"} = 1;
    return 1;
}

# For the NAME line: one sentence without markup, without a capital and without a full stop.
sub plain
{
    my ($text) = @_;
    $text =~ s/\s+/ /g;
    $text =~ s/`//g;
    $text =~ s/(?<=[\w)])\. .*//;
    $text =~ s/\.$//;
    $text = lcfirst $text if $text =~ /^[A-Z][a-z]* /;
    return escape($text);
}

# "the promise, the caller's." -> "The promise, ..."; leaves names and quotations as they are.
sub sentence
{
    my ($text) = @_;
    return $text =~ /^[a-z]+(?=[ ,;.:])/ && $text !~ /^(?:errno|fn|malloc|printf)\b/ ? ucfirst $text : $text;
}

sub code
{
    my ($text) = @_;
    $text =~ s/^ {4}//gm;
    $text = escape($text);
    $text =~ s/-/\\-/g;
    $text =~ s/'/\\(aq/g;
    $text =~ s/^\./\\&./gm;
    $text =~ s/^$/.sp/gm;
    return ".in +4n\n.nf\n$text\n.fi\n.in\n";
}

# A declaration in bold with its arguments' names in italics, broken below its bracket where it is long.
sub declare
{
    my ($proto) = @_;
    my ($head, $list, $tail) = $proto =~ /^(.*?\w\(|typedef .*?\(\*\w+\)\()(.*)(\).*)$/
        or return '\fB' . escape_code($proto) . "\\fP\n";
    ($head, $list, $tail) = $proto =~ /^(typedef .*?\)\()(.*)(\))$/ if $proto =~ /^typedef/;
    my ($line, $width, $indent) = ('\fB' . escape_code($head), length $head, ' ' x length $head);
    my @args = split_args($list);
    for my $i (0 .. $#args) {
        my $more = $i < $#args ? ', ' : $tail . ';';
        if ($i && $width + length("$args[$i]$more") > $WIDTH) {
            $line =~ s/ $//;
            $line .= "\n$indent";
            $width = length $indent;
        }
        $width += length "$args[$i]$more";
        $line .= argument($args[$i]) . $more;
    }
    return "$line\\fP\n";
}

sub argument
{
    my ($arg) = @_;
    my $name = $arg =~ /^\.\w/ ? undef : arg_name($arg);
    return escape_code($arg) if !defined $name || $arg !~ /^(.*)\b\Q$name\E\b(.*)$/;
    return escape_code($1) . "\\fP\\fI$name\\fP\\fB" . escape_code($2);
}

sub escape
{
    my ($text) = @_;
    $text =~ s/\\/\\e/g;
    $text =~ s/\x{2026}/.../g;
    $text =~ s/([^\x00-\x7f])/sprintf '\\[u%04X]', ord $1/ge;
    return $text;
}

sub escape_code
{
    my ($text) = @_;
    $text = escape($text);
    $text =~ s/-/\\-/g;
    return $text;
}

sub wrap
{
    my ($text) = @_;
    my @lines = ('');
    for my $word (split / /, $text) {
        push @lines, '' if length($lines[-1]) && length("$lines[-1] $word") > 78;
        $lines[-1] .= length($lines[-1]) ? " $word" : $word;
    }
    s/^(?=[.'])/\\&/ for @lines;
    return join('', map { "$_\n" } @lines);
}

1;
