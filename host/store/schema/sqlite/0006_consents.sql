-- Where the browser comes back to after a consent, as it is registered with the client; NULL = the usual place.
ALTER TABLE credentials ADD COLUMN redirect_uri TEXT;
