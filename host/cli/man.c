/* muster(1), in roff (man(7)). */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "cli/errors.h"
#include "cli/help.h"
#include "cli/verb.h"
#include "cli/version.h"

static const char INTRODUCTION[] =
	".SH DESCRIPTION\n"
	"Muster connects to vendors of device and SaaS management, reads their users, devices, "
	"installed apps and licences into one store, and keeps them true. What a vendor is like is "
	"written in Lua; what must be trusted is not.\n"
	".PP\n"
	"A project is a folder; see\n"
	".BR \"muster init\" .\n"
	"An account is one tenant of a vendor and is written\n"
	".IR vendor/name ;\n"
	"a vendor alone means all its accounts.\n"
	".PP\n"
	"Data goes to standard output, everything else to standard error. Progress is shown only "
	"on "
	"a terminal.\n";

static const char ENVIRONMENT[] =
	".SH ENVIRONMENT\n"
	".TP\n.B NO_COLOR\nNot empty: no colours.\n"
	".TP\n.B CLICOLOR_FORCE\nNeither empty nor 0: colours also where no terminal is.\n"
	".TP\n.B TERM\n\\(lqdumb\\(rq: no colours, no live progress.\n"
	".TP\n.B CI\nSet: no live progress.\n"
	".TP\n.B COLUMNS\nWidth of tables on a terminal.\n"
	".TP\n.B XDG_STATE_HOME\nWhere the vault's key file lies, in the folder muster; "
	"\\(ti/.local/state without it.\n"
	".TP\n.B MUSTER_KEY_FILE\nThe vault's key file. CREDENTIALS_DIRECTORY (systemd) is looked "
	"at, "
	"too.\n"
	".PP\nProxy variables are ignored: see\n.BR \"muster connect \\-\\-proxy\" .\n"
	"Secrets are never read from the environment.\n";

static const char FILES[] =
	".SH FILES\n"
	".TP\n.I vendors/, mappings/\nConnectors and overlays of the project.\n"
	".TP\n.I .muster/muster.db\nThe store (SQLite).\n"
	".TP\n.I .muster/recordings/\nThe recorded exchanges of sessions, sealed.\n"
	".TP\n.I \\(ti/.local/state/muster/*.key\nThe keys of the projects' vaults.\n";

/* Text as text: no request, no escape, hyphens that can be copied. */
static void put_text(struct buf *out, const char *text)
{
	bool at_start = true;

	for (; *text; text++) {
		if (at_start && (*text == '.' || *text == '\''))
			buf_str(out, "\\&");
		if (*text == '\\')
			buf_str(out, "\\e");
		else if (*text == '-')
			buf_str(out, "\\-");
		else if (*text == '~')
			buf_str(out, "\\(ti");
		else if (*text == '^')
			buf_str(out, "\\(ha");
		else
			buf_char(out, *text);
		at_start = *text == '\n';
	}
}

static void put_flags(struct buf *out, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++) {
		struct buf name = BUF_INIT, meaning = BUF_INIT;

		help_flag(flags, &name);
		help_flag_meaning(flags, &meaning);
		buf_str(out, ".TP\n\\fB");
		put_text(out, buf_text(&name));
		buf_str(out, "\\fR\n");
		put_text(out, buf_text(&meaning));
		buf_str(out, ".\n");
		buf_fini(&name);
		buf_fini(&meaning);
	}
}

static void put_verb(struct buf *out, const struct cli_verb *verb)
{
	struct buf usage = BUF_INIT;

	help_usage(verb, &usage);
	buf_str(out, ".SS \"");
	put_text(out, buf_text(&usage));
	buf_str(out, "\"\n");
	buf_char(out, (char)toupper((unsigned char)verb->summary[0]));
	put_text(out, verb->summary + 1);
	buf_str(out, ".\n");
	if (verb->help) {
		put_text(out, verb->help);
		buf_char(out, '\n');
	}
	put_flags(out, verb->flags);
	if (verb->examples) {
		buf_str(out, ".PP\n.nf\n.RS\n");
		put_text(out, verb->examples);
		buf_str(out, "\n.RE\n.fi\n");
	}
	buf_fini(&usage);
}

static void put_exit_codes(struct buf *out)
{
	buf_str(out, ".SH \"EXIT STATUS\"\nOf several accounts the most serious outcome counts; "
		     "the most serious comes first.\n");
	for (const struct exit_meaning *at = exit_meanings();; at++) {
		buf_printf(out, ".TP\n.B %d\n", at->code);
		put_text(out, at->meaning);
		buf_str(out, ".\n");
		if (at->code == EXIT_DONE)
			return;
	}
}

void help_man(struct buf *out)
{
	size_t count;
	const struct cli_verb *verbs = cli_verbs(&count);

	buf_printf(out, ".TH MUSTER 1 \"\" \"muster %s\" \"User Commands\"\n", MUSTER_VERSION);
	buf_str(out,
		".SH NAME\nmuster \\- device and SaaS inventory from many vendors in one store\n"
		".SH SYNOPSIS\n.B muster\n[\\fIFLAGS\\fR] \\fIVERB\\fR ...\n");
	buf_str(out, INTRODUCTION);
	buf_str(out, ".SH VERBS\n");
	for (size_t i = 0; i < count; i++)
		put_verb(out, &verbs[i]);
	buf_str(out, ".SH \"FLAGS OF EVERY VERB\"\n");
	put_flags(out, cli_global_flags());
	put_exit_codes(out);
	buf_str(out, ENVIRONMENT);
	buf_str(out, FILES);
}
