from restkit import App

app = App("Hello")


@app.route("/")
def hello():
    return {"hello": "world"}
