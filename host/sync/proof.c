/* The completeness proof of one listing. */
#include "sync/proof.h"

#include <stdio.h>

#include "base/str.h"

void proof_single(struct proof *proof)
{
	proof->is_single = true;
}

void proof_failed(struct proof *proof, const char *message)
{
	if (proof->failed++ == 0)
		snprintf(proof->first_failure, sizeof(proof->first_failure), "%s", message);
}

void proof_page(struct proof *proof, const struct value *args)
{
	const char *at = value_text(args, "at", "");
	const char *drift = value_text(args, "drift", NULL);

	if (str_eq(at, "open"))
		proof->opened++;
	else if (str_eq(at, "page"))
		proof->pages++;
	else if (str_eq(at, "end"))
		proof->ended++;
	else if (str_eq(at, "cut"))
		proof->is_cut = true;
	else
		proof->is_broken = true;
	if (proof->ended > proof->opened || proof->opened > PROOF_PAGERS_MAX)
		proof->is_broken = true;
	if (drift != NULL && proof->drift[0] == '\0')
		snprintf(proof->drift, sizeof(proof->drift), "%s", drift);
}

bool proof_is_endless(const struct proof *proof)
{
	return proof->pages > PROOF_PAGES_MAX * (proof->opened > 1 ? proof->opened : 1);
}

bool proof_holds(const struct proof *proof, struct buf *why)
{
	if (proof->failed > 0)
		buf_printf(why, "%lld request(s) failed, the first: %s", (long long)proof->failed,
			   proof->first_failure);
	else if (proof->is_cut)
		buf_str(why, "it was limited");
	else if (proof->is_broken)
		buf_str(why, "its pages were not reported in order");
	else if (proof->opened == 0 && !proof->is_single)
		buf_str(why, "no pager was used and the stream is not declared single");
	else if (proof->ended != proof->opened)
		buf_str(why, "the end of a list was not reached");
	else if (proof->drift[0] != '\0')
		buf_printf(why, "the list moved while it was read: %s", proof->drift);
	else if (proof->doubled > 0)
		buf_printf(why, "the list moved while it was read: %lld record(s) came twice",
			   (long long)proof->doubled);
	else if (proof->no_id > 0)
		buf_printf(why, "%lld record(s) have no id", (long long)proof->no_id);
	else
		return true;
	return false;
}
