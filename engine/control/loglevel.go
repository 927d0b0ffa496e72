package control

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/ldcorn/ldcorn/engine/api"
)

// setLogLevel changes the level of the log until the next reload.
func (s *Server) setLogLevel(w http.ResponseWriter, r *http.Request) {
	var want api.LogLevelRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&want); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	now, err := s.opts.SetLogLevel(want.Level)
	if err != nil {
		refuse(w, http.StatusConflict, err.Error())
		return
	}
	answer(w, http.StatusOK, now)
}

// LogLevel returns the level of the master's log.
func (c *Client) LogLevel(ctx context.Context) (*api.LogLevel, error) {
	return c.logLevel(ctx, http.MethodGet, nil)
}

// SetLogLevel changes the level of the master's log until the next reload. "" is the
// level that the master was started with.
func (c *Client) SetLogLevel(ctx context.Context, level string) (*api.LogLevel, error) {
	body, err := json.Marshal(api.LogLevelRequest{Level: level})
	if err != nil {
		return nil, err
	}
	return c.logLevel(ctx, http.MethodPost, body)
}

func (c *Client) logLevel(ctx context.Context, method string, body []byte) (*api.LogLevel, error) {
	raw, err := c.soon(ctx, method, "/v1/log-level", body, c.quick, c.most)
	if err != nil {
		return nil, err
	}
	now := new(api.LogLevel)
	return now, c.decode(raw, now)
}
