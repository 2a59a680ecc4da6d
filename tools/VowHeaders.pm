# SPDX-License-Identifier: BSD-2-Clause
#
# Reads the public headers: every declaration with a documentation comment becomes one item. Knows the
# conventions of our own headers (see "Adding a manual page" in HACKING), not C. Called by man.pl and snippets.pl.
#
# An item has: name, kind (function macro struct enum callback object), header, doc, and, where they apply,
# proto (the declaration without attributes), args (of a macro, as written), body (of a struct or enum),
# at (the function behind a macro that records its call site), type (of an object).
package VowHeaders;

use strict;
use warnings;
use Exporter 'import';

our @EXPORT = qw(read_header read_text declaration members_of split_args arg_name);

# (path, name to call it by) -> (documentation of the file, items in the header's order)
sub read_header
{
    my ($path, $header) = @_;
    my $text = read_text($path);
    my ($file, @items) = ({});
    while ($text =~ m{/\*\*(?!<)(.*?)\*/\s*}gcs) {
        my $doc = read_doc($1);
        if (exists $doc->{file}) {
            $file = $doc;
        } elsif (my $item = declaration(\$text)) {
            push @items, {%$item, doc => $doc, header => $header};
        } else {
            die "$path: no declaration that I know after the comment \"$doc->{brief}\"\n";
        }
    }
    pos($text) = 0;
    while ($text =~ m{^VOW_API\s+const\s+(\w+)\s+(\w+);\s*/\*\*<(.*?)\*/}gms) {
        push @items, {name => $2, kind => 'object', type => $1, doc => read_doc($3), header => $header};
    }
    while ($text =~ m{^typedef struct (\w+) \1;}gm) {
        push @items, {name => $1, kind => 'opaque', header => $header, doc => {}};
    }
    return ($file, @items);
}

sub read_text
{
    my ($path) = @_;
    open my $in, '<:encoding(UTF-8)', $path or die "$path: $!\n";
    local $/;
    return scalar <$in>;
}

# The declaration at pos($$text), which is left after it; undef when it is none of the kinds we document.
sub declaration
{
    my ($text) = @_;
    if ($$text =~ m{\G\#define\s+(\w+)(?:\(([^)]*)\))?(?:[^\n]*\\\n)*[^\n]*\n}gc) {
        return {kind => 'macro', name => $1, args => $2};
    }
    if ($$text =~ m{\G(?:typedef\s+)?(struct|enum)\s+(\w+)\s*\{\n(.*?)\n\}\s*\w*;}gcs) {
        return {kind => $1, name => $2, body => $3};
    }
    if ($$text =~ m{\G(typedef\s[^;]*?\(\*(\w+)\)\([^;]*\));}gcs) {
        return {kind => 'callback', name => $2, proto => squeeze($1)};
    }
    if ($$text =~ m{\G((?:VOW_API|static\s+inline)\s[^;\{]*?\b(\w+)\([^;\{]*\))\s*[;\{]}gcs) {
        my ($proto) = ($1);
        $proto =~ s/\b(?:VOW_[A-Z]+\b(?:\(.*?\))?|(?:static|inline)\b)//g;    # attributes are in capitals
        return function(squeeze($proto), $text);
    }
    return undef;
}

# A function, or, when the macro that records the call site follows it (or its body), what that looks like.
sub function
{
    my ($proto, $text) = @_;
    my ($name) = $proto =~ /(\w+)\(/;
    my %item = (kind => 'function', name => $name, proto => $proto);
    (my $short = $name) =~ s/_at$//;
    if ($short ne $name && $$text =~ m{\G(?:[^\#]*?\n\}\n)?\s*\#define\s+\Q$short\E\(}gc) {
        @item{qw(name at at_proto)} = ($short, $name, $proto);
        $item{proto} =~ s/\b\Q$name\E\(/$short(/;
        $item{proto} =~ s/const char \*site, |, const char \*site//;
    }
    return \%item;
}

# The inside of a comment -> {brief, text, file, return, since, param => [[name, text]...], errors ...}
sub read_doc
{
    my ($comment) = @_;
    $comment =~ s/^[ \t]*\* ?//gm;
    my %doc = (param => []);
    for my $part (split /(?=\@(?:file|brief|param|return|par|since)\b)/, $comment) {
        $part =~ /^\@(\w+)\s*(.*)/s or next;
        my ($tag, $rest) = ($1, trim($2));
        if ($tag eq 'param') {
            my ($name, $about) = $rest =~ /^(\S+)\s+(.*)/s;
            push @{$doc{param}}, [$name, $about];
        } elsif ($tag eq 'par') {
            my ($title, $about) = $rest =~ /^(\w+)\s+(.*)/s;
            $doc{lc $title} = $about;
        } elsif ($tag eq 'brief') {
            @doc{qw(brief text)} = split /\n\s*\n/, $rest, 2;
        } else {
            $doc{$tag} = $rest;
        }
    }
    $doc{brief} = trim($comment) unless defined $doc{brief};
    return \%doc;
}

# The documented members of a struct or constants of an enum: [name, text]...
sub members_of
{
    my ($item) = @_;
    my ($kind, $body) = ($item->{kind}, $item->{body} // '');
    my @members;
    if ($kind eq 'enum') {
        push @members, [$1, $2] while $body =~ m{(\w+)(?:\s*=\s*[^,\s]+)?,?\s*/\*\*<(.*?)\*/}gs;
    } else {
        while ($body =~ m{(?:/\*\*(?!<)(.*?)\*/\s*)?([^;/]+);\s*(?:/\*\*<(.*?)\*/)?}gs) {
            my ($before, $member, $after) = ($1, $2, $3);
            push @members, [arg_name($member), $after // $before];
        }
    }
    return map { [$_->[0], read_doc($_->[1])->{brief}] } grep { defined $_->[1] } @members;
}

# "(int a, void (*f)(int), ...)" without its brackets -> its arguments
sub split_args
{
    my ($list) = @_;
    my ($depth, @args) = (0, '');
    for my $char (split //, $list) {
        $depth += $char eq '(' ? 1 : $char eq ')' ? -1 : 0;
        if ($char eq ',' && !$depth) {
            push @args, '';
        } else {
            $args[-1] .= $char;
        }
    }
    return map { trim($_) } @args;
}

# The name in a declaration of one argument or member; undef for "..." and "void"
sub arg_name
{
    my ($arg) = @_;
    return $1 if $arg =~ /\(\*(\w+)\)/;
    return undef if $arg eq 'void';
    return $arg =~ /(\w+)\s*$/ ? $1 : undef;
}

sub squeeze
{
    my ($text) = @_;
    $text =~ s/\s+/ /g;
    return trim($text);
}

sub trim
{
    my ($text) = @_;
    $text =~ s/^\s*\n|\s+$//g;
    $text =~ s/^ +// unless $text =~ /^ {4}/;
    return $text;
}

1;
