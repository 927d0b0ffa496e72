package control

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/ldcorn/ldcorn/engine/api"
)

// An AccessLogSwitch changes the access log until the next reload. Any goroutine may call
// its methods.
type AccessLogSwitch interface {
	Now() api.AccessLog
	Temporary() *api.AccessLog // nil if it is as the configuration says
	Set(want api.AccessLogRequest) (api.AccessLog, error)
}

// setAccessLog changes the access log until the next reload.
func (s *Server) setAccessLog(w http.ResponseWriter, r *http.Request) {
	var want api.AccessLogRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&want); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if want.Group != "" {
		if err := s.knownGroups([]string{want.Group}); err != nil {
			refuse(w, http.StatusNotFound, err.Error())
			return
		}
	}
	now, err := s.opts.AccessLog.Set(want)
	if err != nil {
		refuse(w, http.StatusConflict, err.Error())
		return
	}
	answer(w, http.StatusOK, now)
}

// AccessLog returns what the access log of the master has.
func (c *Client) AccessLog(ctx context.Context) (*api.AccessLog, error) {
	return c.accessLog(ctx, http.MethodGet, nil)
}

// SetAccessLog changes the access log of the master until the next reload.
func (c *Client) SetAccessLog(ctx context.Context, want api.AccessLogRequest) (*api.AccessLog, error) {
	body, err := json.Marshal(want)
	if err != nil {
		return nil, err
	}
	return c.accessLog(ctx, http.MethodPost, body)
}

func (c *Client) accessLog(ctx context.Context, method string, body []byte) (*api.AccessLog, error) {
	raw, err := c.soon(ctx, method, "/v1/access-log", body, c.quick, c.most)
	if err != nil {
		return nil, err
	}
	now := new(api.AccessLog)
	return now, c.decode(raw, now)
}
