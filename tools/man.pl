#!/usr/bin/env perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Writes the manual pages of section 3 from the comments of the public headers: a page for each function,
# macro, struct and enum, and a link to a page for whatever else has a name (what stands behind a macro,
# callbacks, objects, opaque types). Needs nothing but Perl, looks at nothing but its arguments, and writes
# the same bytes every time: the date and the version come from the ChangeLog.
#
#   man.pl --changelog FILE --out DIR HEADER...     writes DIR/*.3
#   man.pl --list HEADER...                         prints docs/pages.mk, the list of them for automake
use strict;
use warnings;
use File::Basename;
use FindBin;
use Getopt::Long;
use lib $FindBin::Bin;
use VowHeaders;
use VowRoff;

# Prototypes for the macros that no function stands behind. Those not listed show as the header has them.
my %MACRO = (
    vow_async     => 'vow_promise *vow_async(vow_loop *loop, name, .field = value, ...)',
    VOW_ASYNC     => 'VOW_ASYNC(name, me)',
    VOW_AWAIT     => 'VOW_AWAIT(me, vow_promise *promise)',
    VOW_TRY_AWAIT => 'VOW_TRY_AWAIT(me, vow_promise *promise)',
    VOW_RESULT    => 'vow_value *VOW_RESULT(me)',
    VOW_ERROR     => 'const vow_error *VOW_ERROR(me)',
    VOW_RETURN    => 'VOW_RETURN(me, vow_value value)',
    VOW_THROW     => 'VOW_THROW(me, vow_error *error)',
    VOW_LOOP      => 'vow_loop *VOW_LOOP(me)',
    vow_signals_of => 'vow_signals *vow_signals_of(vow_loop *loop, int signum, ...)',
    map { ("vow_${_}_of" => "vow_promise *vow_${_}_of(vow_loop *loop, vow_promise *first, ...)") }
        qw(all all_settled any race),
    vow_select_of =>
        'vow_promise *vow_select_of(vow_loop *loop, const vow_promise *promises, ...)',
);
# The libraries beside libvow, by their headers.
my %LIBRARY = ('vow/testing.h' => 'vow-testing');

# What a parameter of a macro, or any site, means wherever the header does not say it.
my %COMMON = (
    me      => 'the pointer to the task\'s struct, by the name that VOW_ASYNC() gives it.',
    name    => 'the tag of the task\'s struct.',
    loop    => 'where it runs.',
    signum  => 'the first signal; more may follow.',
    first   => 'given away, and so is each further promise; there may also be none.',
    promise => 'given away.',
    value   => 'given away.',
    error   => 'given away.',
    site    => 'where the call stands: VOW_HERE, or another static string, or NULL.',
);
# Headers whose opening comment holds rules for each promise they make; the others' rules are in vow(7).
my %RULES = map { $_ => 1 } qw(
    vow/combinators.h
    vow/datagram.h
    vow/file.h
    vow/interval.h
    vow/io.h
    vow/lookup.h
    vow/offload.h
    vow/poll.h
    vow/process.h
    vow/queue.h
    vow/remote.h
    vow/server.h
    vow/signal.h
    vow/socket.h
    vow/time.h
    vow/unix.h
    vow/watch.h
);
my @SECTIONS = (qw(PARAMETERS MEMBERS), 'RETURN VALUE', qw(ERRORS STANDARDS THREADS NOTES EXAMPLES HISTORY));
my $DEFAULT_THREAD = 'To be called on the thread of its loop.';

my %option = (changelog => undef, out => undef, list => 0);
GetOptions(\%option, 'changelog=s', 'out=s', 'list') && @ARGV
    or die "usage: man.pl --list HEADER... | --changelog FILE --out DIR HEADER...\n";

my (%file, %item, %link, %warned, @order);
for my $path (sort @ARGV) {
    my $header = $path =~ m{((?:vow/)?[^/]+\.h)(?:\.in)?$} ? $1 : die "$path: not a header\n";
    ($file{$header}, my @items) = read_header($path, $header);
    for my $item (grep { $_->{name} !~ /^(?:vow|VOW)__/ } @items) {
        push @order, $item;
    }
}
$item{$_->{name}} //= $_ for grep { $_->{kind} =~ /^(?:function|macro|struct|enum)$/ } @order;
for my $one (@order) {
    my $target = target($one);
    $link{$one->{name}} = $target unless $item{$one->{name}};
    $link{$one->{at}} = $one->{name} if $one->{at};
}

if ($option{list}) {
    print "# SPDX-License-Identifier: BSD-2-Clause\n# Written by `make man-list`.\n\n";
    print "man_pages =", (map { " \\\n\tdocs/man/$_.3" } sort(keys %item, keys %link)), "\n";
    exit 0;
}

my ($version, $date) = release($option{changelog});
my %known = map { $_ => 1 } keys %item, keys %link;
my %mentions;
for my $pass (1, 2) {    # the second one knows which pages name which
    for my $name (sort keys %item) {
        my $page = page($item{$name});
        write_page($name, $page) if $pass == 2;
    }
}
write_page($_, ".so man" . ($link{$_} eq 'vow' ? '7/vow.7' : "3/$link{$_}.3") . "\n") for sort keys %link;

# The page that describes something which has no page of its own.
sub target
{
    my ($one) = @_;
    return 'vow' if $one->{kind} eq 'opaque';
    return $one->{type} if $one->{kind} eq 'object';
    return '' if $one->{kind} ne 'callback';
    my ($user) = grep { ($_->{proto} // '') =~ /\b$one->{name}\b/ && $_->{kind} eq 'function' } @order;
    return $user ? $user->{name} : die "$one->{name}: no function takes one\n";
}

sub release
{
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    while (<$in>) {
        return ($1, $2) if /^libvow (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)/;
    }
    die "$path: no line \"libvow VERSION (DATE\"\n";
}

sub write_page
{
    my ($name, $text) = @_;
    open my $out, '>', "$option{out}/$name.3" or die "$option{out}/$name.3: $!\n";
    print $out $text;
    close $out or die "$option{out}/$name.3: $!\n";
}

# What a program links with for one item, and includes. vow.h has all headers but those of other libraries.
sub library
{
    my ($one) = @_;
    my $name = $LIBRARY{$one->{header}} // 'vow';
    (my $escaped = $name) =~ s/-/\\-/g;
    return "lib$escaped (pkg\\-config name: $escaped)\n";
}

sub includes
{
    my ($one) = @_;
    my @headers = ('vow.h', $LIBRARY{$one->{header}} ? $one->{header} : ());
    return join ".br\n", map { "\\fB#include <$_>\\fP\n" } @headers;
}

# The whole page of one item, section by section.
sub page
{
    my ($one) = @_;
    my ($name, $doc) = @{$one}{qw(name doc)};
    my $proto = $one->{proto} // ($one->{kind} eq 'macro' ? macro_prototype($one) : '');
    my @params = params($one, $proto);
    my %c = (self => $name, pages => \%known, params => {map { $_->[0] => 1 } @params}, seen => {});
    my $source = form_of($one);
    note_types(\%c, $one, $proto);

    my $text = ".\\\" SPDX-License-Identifier: BSD-2-Clause\n"
        . ".\\\" Written by tools/man.pl from <$one->{header}>; edit that.\n"
        . ".TH $name 3 $date \"libvow $version\" \"libvow\"\n"
        . ".SH NAME\n" . wrap("$name \\- " . plain($doc->{brief}))
        . ".SH LIBRARY\n" . library($one)
        . ".SH SYNOPSIS\n.nf\n" . includes($one) . ".PP\n" . synopsis($one, $proto) . ".fi\n"
        . ".SH DESCRIPTION\n" . join(".PP\n", grep { length } map { prose(\%c, $_) } @{$doc}{qw(brief text)});
    my %body = (
        PARAMETERS     => join('', map { tagged(\%c, "\\fI$_->[0]\\fP", $_->[1]) } @params),
        MEMBERS        => members(\%c, $one),
        'RETURN VALUE' => prose(\%c, sentence($doc->{return} // $source->{return} // '')),
        ERRORS         => errors(\%c, $doc->{errors} // $source->{errors}, $proto),
        STANDARDS      => prose(\%c, $doc->{standard} // $source->{standard}),
        THREADS        => prose(\%c, thread($one, $proto)),
        NOTES          => notes(\%c, $one),
        EXAMPLES       => example(\%c, $one),
        HISTORY        => $doc->{since} ? "Added in libvow $doc->{since}.\n" : '',
    );
    $text .= join '', map { ".SH $_\n$body{$_}" } grep { length $body{$_} } @SECTIONS;
    $mentions{$name} = {%{$c{seen}}};
    return $text . see_also($one, $c{seen})
        . ".SH COPYRIGHT\nCopyright (c) 2026 the libvow authors.\nLicence: BSD\\-2\\-Clause.\n";
}

sub macro_prototype
{
    my ($one) = @_;
    return $MACRO{$one->{name}} // (defined $one->{args} ? "$one->{name}($one->{args})" : $one->{name});
}

# [name, what it is] for each argument of the prototype, in its order.
sub params
{
    my ($one, $proto) = @_;
    my %about = map { @$_ } @{form_of($one)->{param} // []}, @{$one->{doc}{param}};
    return () if $one->{kind} =~ /^(?:struct|enum)$/ || $proto !~ /\((.*)\)/;
    my @names = grep { defined } map { /^\./ ? undef : arg_name($_) } split_args($1);
    my @known = grep { defined $about{$_} || $COMMON{$_} && ($one->{kind} eq 'macro' || /^site$/) } @names;
    for my $name (@names) {
        next if $warned{"$one->{name} $name"}++ || grep { $_ eq $name } @known;
        warn "$one->{header}: $one->{name}: no \@param $name\n";
    }
    return map { [$_, sentence($about{$_} // $COMMON{$_})] } @known;
}

# The documentation that a macro refers to for what it does not say itself: vow_all() of vow_all_of().
sub form_of
{
    my ($one) = @_;
    return {} if $one->{kind} ne 'macro';
    (my $base = $one->{name}) =~ s/_of$//;
    my ($source) = grep { $_ && $_ != $one } map { $item{$_} } $base, "$one->{name}_at";
    return $source ? $source->{doc} : {};
}

# What a program writes: the callbacks' types that the prototype uses, and the prototype; or the definition.
sub synopsis
{
    my ($one, $proto) = @_;
    return definition($one) if $one->{body};
    my @types = grep { $_->{kind} eq 'callback' && $proto =~ /\b$_->{name}\b/ } @order;
    return join '', (map { declare($_->{proto}) . ".PP\n" } @types), declare($proto);
}

sub definition
{
    my ($one) = @_;
    (my $body = $one->{body}) =~ s{\s*/\*.*?\*/}{}gs;
    $body =~ s/\(\n\s*/(/g;
    $body =~ s/^\n+|\s+$//g;
    $body =~ s/-/\\-/g;
    my ($open, $close) = $one->{kind} eq 'enum' ? ("enum $one->{name} {", '};')
        : ("typedef struct $one->{name} {", "} $one->{name};");
    return "\\fB$open\n$body\n$close\\fP\n";
}

# The structs and enums that a declaration has to do with, and the functions that take one, for SEE ALSO.
sub note_types
{
    my ($context, $one, $proto) = @_;
    my $own = join ' ', $proto, $one->{body} // '', map { $_->{proto} }
        grep { $_->{kind} eq 'callback' && $proto =~ /\b$_->{name}\b/ } @order;
    my @types = grep { $_->{kind} =~ /^(?:struct|enum)$/ && $_->{name} ne 'vow_value' } @order;
    $context->{seen}{"$_->{name}(3)"} = 1 for grep { $_ != $one && $own =~ /\b$_->{name}\b/ } @types;
    return if !$one->{body} || $one->{name} eq 'vow_value';
    note($context, $_->{name}) for grep { ($_->{proto} // '') =~ /\b$one->{name}\b/ } @order;
}

# Each member or constant, and the objects of the type that the library has.
sub members
{
    my ($context, $one) = @_;
    return '' if $one->{doc}{brief} =~ /not the members/;
    my $font = $one->{kind} eq 'enum' ? 'B' : 'I';
    my $out = join '', map { tagged($context, "\\f$font$_->[0]\\fP", sentence($_->[1])) } members_of($one);
    for my $object (grep { $_->{kind} eq 'object' && $_->{type} eq $one->{name} } @order) {
        $out .= tagged($context, "\\fBconst $object->{type} $object->{name}\\fP", $object->{doc}{brief});
    }
    return $out;
}

sub tagged
{
    my ($context, $tag, $about) = @_;
    return ".TP\n$tag\n" . inline($context, $about =~ /[.!?\x{2026}]$/ ? $about : "$about.");
}

# "`A` if so; `B`. And a last word." -> a list, and the last word as a paragraph.
sub errors
{
    my ($context, $text, $proto) = @_;
    return '' unless defined $text;
    $text =~ s/\s+/ /g;
    my ($list, $rest) = $text =~ /^(.*?)\.(?: ([A-Z].*))?$/;
    my $lead = $proto =~ /^vow_promise / ? "The promise rejects with:\n" : "One of:\n";
    my @each = split /; |\. (?=`)/, $list;
    @each = map { /^`(?:VOW_)?E[A-Z]+`$/ ? $_ : lcfirst } @each;
    my $out = join '', map { ".IP \\(bu 2\n" . inline($context, $_) } @each;
    return $lead . $out . (defined $rest ? ".PP\n" . inline($context, $rest) : '');
}

# The rule of the header, where the page does not give one and the prototype has to do with a loop.
sub thread
{
    my ($one, $proto) = @_;
    my $doc = $one->{doc};
    return $doc->{thread} if $doc->{thread};
    return '' if $one->{body} || grep { /\bthread/ } grep { defined } @{$doc}{qw(brief text)};
    return $DEFAULT_THREAD if $proto =~ /\b(?:vow_loop|vow_promise|vow_resolver|me)\b/;
    (my $about = $file{$one->{header}}{text} // '') =~ s/\s+/ /g;
    return join ' ', grep { /\bthread/ } split /(?<=\.) (?=[A-Z])/, $about;
}

sub notes
{
    my ($context, $one) = @_;
    my @notes;
    push @notes, $file{$one->{header}}{text}
        if $RULES{$one->{header}} && ($one->{proto} // $MACRO{$one->{name}} // '') =~ /^vow_promise /;
    if ($one->{at}) {
        my @args = map { arg_name($_) // '...' } split_args($one->{at_proto} =~ /\((.*)\)/);
        push @notes, "$one->{name}() is a macro: it calls `$one->{at}(" . join(', ', @args) . ")` with "
            . "VOW_HERE, its own file and line, as `site`. A wrapper passes any other static string to the "
            . "function.";
    }
    return join ".PP\n", map { prose($context, $_) } @notes;
}

# The examples of the header's opening comment, on the page of each macro that they use.
sub example
{
    my ($context, $one) = @_;
    my $example = join "\n\n", grep { /^ {4}/ } split /\n\s*\n/, $file{$one->{header}}{text} // '';
    return '' if $one->{kind} ne 'macro' || $example !~ /\b$one->{name}\b/;
    note($context, $_) for grep { $item{$_} } $example =~ /\b(VOW_\w+|vow_\w+)\b/g;
    return code($example);
}

# The pages this one names, those of its header that name it, and vow(7).
sub see_also
{
    my ($one, $seen) = @_;
    my %all = %$seen;
    for my $other (grep { $_->{header} eq $one->{header} } values %item) {
        $all{"$other->{name}(3)"} = 1 if ($mentions{$other->{name}} // {})->{"$one->{name}(3)"};
    }
    for my $name (keys %link) {    # no second name of a page
        delete $all{"$name(3)"} if $link{$name} eq $one->{name} || $all{"$link{$name}(3)"};
    }
    my @names = sort { substr($a, -2) cmp substr($b, -2) || $a cmp $b } keys %all;
    my @lines = map { my ($name, $section) = /(.*)(\(\d\))/; ".BR $name $section" } @names, 'vow(7)';
    return ".SH SEE ALSO\n.ad l\n" . join(" ,\n", @lines) . "\n.ad\n";
}
