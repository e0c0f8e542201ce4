/* What went wrong, in words that name the cause and the way out, and whether to try again. */
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "net/http.h"

/* Verdicts of OpenSSL (openssl/x509_vfy.h), as CURLINFO_SSL_VERIFYRESULT gives them. */
enum {
	VERIFY_NOT_YET_VALID = 9,
	VERIFY_EXPIRED = 10,
	VERIFY_SELF_SIGNED_LEAF = 18,
	VERIFY_SELF_SIGNED_CHAIN = 19,
	VERIFY_NO_ISSUER_LOCALLY = 20,
	VERIFY_NO_ISSUER = 21
};

/* So much of a body is searched for secrets before its beginning is shown. */
enum { LOOKED_AT = 64 * 1024 };

/* --- transfers --- */

static void refuse_certificate(const char *detail, long verify, struct err *err)
{
	const char *reason = strstr(detail, "problem: ");

	err_set(err, ERR_NET, "certificate refused: %s",
		reason != NULL ? reason + strlen("problem: ") : detail);
	switch (verify) {
	case VERIFY_NOT_YET_VALID:
	case VERIFY_EXPIRED:
		err_hint(err, "check this machine's clock; if it is right, the vendor has to renew "
			      "the certificate");
		break;
	case VERIFY_SELF_SIGNED_LEAF:
	case VERIFY_SELF_SIGNED_CHAIN:
	case VERIFY_NO_ISSUER_LOCALLY:
	case VERIFY_NO_ISSUER:
		err_hint(err, "if the server's certificate comes from a CA of your own, add it to "
			      "the account: --ca-file FILE");
		break;
	default:
		err_hint(err, "check that the address is the vendor's; something in between may be "
			      "answering");
	}
}

/*
 * The vendor's word about the certificate that we showed, or did not show (RFC 8446, 6.2). With TLS
 * 1.3 it comes after the handshake, where the answer is awaited. NULL = it is about something else.
 */
static const char *find_alert(const char *detail)
{
	static const char *const alerts[] = {
		"bad certificate",     "unsupported certificate", "certificate revoked",
		"certificate expired", "certificate unknown",	  "unknown ca",
		"access denied",       "certificate required",	  "no certificate",
	};
	const char *alert = strstr(detail, " alert ");

	for (size_t i = 0; alert != NULL && i < sizeof(alerts) / sizeof(alerts[0]); i++) {
		if (str_has_prefix(alert + strlen(" alert "), alerts[i]))
			return alerts[i];
	}
	return NULL;
}

static enum retry_class fault_of_alert(const char *alert, struct err *err)
{
	bool is_missing = str_eq(alert, "certificate required") || str_eq(alert, "no certificate");

	if (is_missing)
		err_set(err, ERR_AUTH, "the vendor wants a client certificate: %s", alert);
	else
		err_set(err, ERR_AUTH, "the vendor refuses the client certificate: %s", alert);
	err_hint(err, is_missing ? "choose the way of signing in that has one, or another address"
				 : "have the vendor issue one for this account, and store it: "
				   "muster accounts reconnect ACCOUNT");
	return RETRY_NONE;
}

/* A handshake that was cut off may succeed next time; one that was refused will not. */
static bool is_cut_off(const char *detail)
{
	static const char *const signs[] = { "SSL_ERROR_SYSCALL", "Connection reset",
					     "unexpected eof", "Broken pipe" };

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (strstr(detail, signs[i]) != NULL)
			return true;
	}
	return false;
}

static enum retry_class fault_of_handshake(const char *detail, struct err *err)
{
	bool is_cut = is_cut_off(detail);

	err_set(err, ERR_NET, "TLS handshake %s: %s", is_cut ? "cut off" : "refused", detail);
	if (!is_cut)
		err_hint(err, "the server has to offer TLS 1.2 or newer with a certificate and "
			      "ciphers of today");
	return is_cut ? RETRY_TRANSPORT : RETRY_NONE;
}

static enum retry_class fault_of_answer(CURLcode code, const char *detail, struct err *err)
{
	switch (code) {
	case CURLE_PARTIAL_FILE:
		err_set(err, ERR_DATA, "the answer was cut short: %s", detail);
		return RETRY_TRUNCATED;
	case CURLE_FILESIZE_EXCEEDED:
		err_set(err, ERR_OVER_LIMIT, "answer announces more than the allowed size");
		return RETRY_NONE;
	case CURLE_BAD_CONTENT_ENCODING:
		err_set(err, ERR_DATA, "answer in an encoding that cannot be read: %s", detail);
		return RETRY_NONE;
	default:
		err_set(err, ERR_DATA, "not a valid HTTP answer: %s", detail);
		return RETRY_NONE;
	}
}

/* The connection broke; after the status line that is a cut answer. */
static enum retry_class fault_of_connection(const char *detail, bool has_status, struct err *err)
{
	if (has_status)
		return fault_of_answer(CURLE_PARTIAL_FILE, detail, err);
	err_set(err, ERR_NET, "connection broken: %s", detail);
	return RETRY_TRANSPORT;
}

enum retry_class http_fault_of_transfer(int curl_code, const char *detail, long verify,
					bool has_status, struct err *err)
{
	CURLcode code = (CURLcode)curl_code;
	const char *alert;

	if (*detail == '\0')
		detail = curl_easy_strerror(code);
	alert = find_alert(detail);
	if (alert != NULL)
		return fault_of_alert(alert, err);
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		/* Also libcurl's word for a line that outgrows CURL_MAX_HTTP_HEADER. */
		if (has_status)
			err_set(err, ERR_OVER_LIMIT,
				"answer with a header of more than 100 KiB, or no memory for one");
		else
			err_oom(err);
		return RETRY_NONE;
	case CURLE_OPERATION_TIMEDOUT:
		err_set(err, ERR_TIMEOUT, "%s", detail);
		return RETRY_TRANSPORT;
	case CURLE_COULDNT_CONNECT:
		err_set(err, ERR_NET, "cannot connect: %s", detail);
		return RETRY_TRANSPORT;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return fault_of_connection(detail, has_status, err);
	case CURLE_SSL_CONNECT_ERROR:
		return fault_of_handshake(detail, err);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		refuse_certificate(detail, verify, err);
		return RETRY_NONE;
	case CURLE_SSL_CACERT_BADFILE:
		err_set(err, ERR_CONFIG, "ca-file cannot be used: %s", detail);
		return RETRY_NONE;
	case CURLE_PROXY:
	case CURLE_COULDNT_RESOLVE_PROXY:
		err_set(err, ERR_NET, "proxy: %s", detail);
		return RETRY_NONE;
	default:
		return fault_of_answer(code, detail, err);
	}
}

/* --- proxies --- */

static enum retry_class fault_of_connect(const char *proxy, int answer, struct err *err)
{
	if (answer >= 500) {
		err_set(err, ERR_NET, "the proxy %s cannot reach the vendor: HTTP %d", proxy,
			answer);
		err_hint(err, "look at the proxy, or name another one: --proxy URL");
		return RETRY_TRANSPORT;
	}
	if (answer == 407) {
		err_set(err, ERR_NET, "the proxy %s wants a password: HTTP 407", proxy);
		err_hint(err, "let this machine through without one, or name another proxy: "
			      "--proxy URL");
	} else {
		err_set(err, ERR_NET, "the proxy %s refuses the connection: HTTP %d", proxy,
			answer);
		err_hint(err, "allow the vendor's host at the proxy, or name another one: "
			      "--proxy URL");
	}
	return RETRY_NONE;
}

enum retry_class http_fault_of_proxy(const char *proxy, int answer, bool has_begun,
				     enum retry_class class, struct err *err)
{
	bool has_answers = !str_has_prefix(proxy, "socks");

	if (answer >= 300)
		return fault_of_connect(proxy, answer, err);
	if (answer == 0 && !has_begun && has_answers) {
		err_context(err, "proxy %s", proxy);
		if (err->hint[0] == '\0')
			err_hint(err, "look at the proxy, or name another one: --proxy URL");
	}
	return class;
}

/* --- statuses --- */

/* The beginning of a text on one line: printable, white space folded. */
static void fold(const char *text, size_t text_len, char out[HTTP_EXCERPT + 1])
{
	size_t len = 0;
	bool in_space = true;

	for (size_t i = 0; i < text_len && len < HTTP_EXCERPT; i++) {
		unsigned char c = (unsigned char)text[i];
		bool is_space = c <= ' ' || c == 0x7f;

		if (!is_space || !in_space)
			out[len++] = (char)(is_space ? ' ' : c);
		in_space = is_space;
	}
	/* Never half a character. */
	while (len > 0 && !str_is_utf8(out, len))
		len--;
	out[len] = '\0';
}

/* Secrets are replaced before the cut: half a secret would not be recognised any more. */
static void excerpt(const struct buf *body, const struct redact *redact, char out[HTTP_EXCERPT + 1])
{
	size_t len = body->len < LOOKED_AT ? body->len : LOOKED_AT;
	struct buf clean = BUF_INIT;

	if (redact == NULL) {
		fold(buf_text(body), len, out);
		return;
	}
	redact_copy(redact, buf_text(body), len, &clean);
	fold(buf_text(&clean), clean.failed ? 0 : clean.len, out);
	buf_fini(&clean);
}

static enum err_kind kind_of_status(int status)
{
	switch (status) {
	case 401:
		return ERR_AUTH;
	case 402:
		return ERR_UNLICENSED;
	case 403:
		return ERR_FORBIDDEN;
	case 408:
		return ERR_TIMEOUT;
	case 429:
		return ERR_THROTTLED;
	default:
		return ERR_REMOTE;
	}
}

static void refuse_redirect(const struct net_reply *reply, struct err *err)
{
	const char *location = net_reply_header(reply, "Location");
	char *host = NULL;
	CURLU *url = curl_url();

	if (url != NULL && location != NULL &&
	    curl_url_set(url, CURLUPART_URL, location, 0) == CURLUE_OK)
		curl_url_get(url, CURLUPART_HOST, &host, 0);
	if (host != NULL)
		err_set(err, ERR_REMOTE, "HTTP %d: redirect to %s refused", reply->status, host);
	else
		err_set(err, ERR_REMOTE, "HTTP %d: redirect within the host refused",
			reply->status);
	err_hint(err, "redirects are never followed; check the address in the account's settings");
	curl_free(host);
	curl_url_cleanup(url);
}

enum retry_class http_fault_of_status(const struct net_reply *reply, const struct redact *redact,
				      struct err *err)
{
	char text[HTTP_EXCERPT + 1];

	if (reply->status >= 300 && reply->status < 400) {
		refuse_redirect(reply, err);
	} else {
		excerpt(&reply->body, redact, text);
		err_set(err, kind_of_status(reply->status), "HTTP %d%s%s", reply->status,
			*text != '\0' ? ": " : "", text);
	}
	err->status = reply->status;
	return retry_class_of_status(reply->status);
}
