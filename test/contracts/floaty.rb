# ruby floaty.rb URL TOKEN POOL USER PASSWORD
#
# What vmpooler's command line client asks, by the HTTP library that it uses, set up as it does: each answer as one line of JSON,
# [what, status, body]. Ends with an error if an answer is no JSON, as the client does.
require 'faraday'
require 'json'

url, token, pool, user, password = ARGV

connect = lambda do
  Faraday.new(url: url, ssl: { verify: false }) do |faraday|
    faraday.request :url_encoded
    faraday.adapter Faraday.default_adapter
  end
end
tell = lambda do |what, response|
  body = JSON.parse(response.body)
  puts JSON.generate([what, response.status, body])
  $stdout.flush
  body
end

tell.call('list', connect.call.get('vm'))
issuing = connect.call
issuing.basic_auth(user, password) if issuing.respond_to?(:basic_auth)
mine = tell.call('token get', issuing.post('token'))['token']
tell.call('token status', connect.call.get("token/#{mine}"))
known = connect.call
known.headers['X-AUTH-TOKEN'] = token
got = tell.call('get', known.post("vm/#{pool}+#{pool}"))
host = got[pool]['hostname'].first
tell.call('modify', known.put { |request|
  request.url "vm/#{host}"
  request.body = { lifetime: 3, tags: { project: 'floaty' } }.to_json
})
tell.call('query', connect.call.get("vm/#{host}"))
tell.call('list active', connect.call.get("token/#{token}"))
tell.call('ondemand', known.post("ondemandvm/#{pool}"))
tell.call('status', connect.call.get('status'))
tell.call('summary', connect.call.get('summary'))
tell.call('delete', known.delete("vm/#{host}"))
tell.call('delete again', known.delete("vm/#{host}"))
tell.call('get nothing', known.post('vm/nope'))
revoking = connect.call
revoking.basic_auth(user, password)
tell.call('token delete', revoking.delete("token/#{mine}"))
